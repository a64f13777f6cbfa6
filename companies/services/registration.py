"""A company comes in: it registers, and shows that its address is its own."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.urls import reverse

from companies import mail, tokens
from companies.models import Company, normalise_email
from companies.services.audit import record_event
from core.errors import Conflict


class AlreadyVerified(Conflict):
    code = "already-verified"


def register_company(*, name: str, email: str, at: datetime) -> None:
    """Register a company and mail its address a link that verifies it.

    Nothing is returned, because the answer must not tell whether `email` was known: an address that is
    verified already gets a mail that says so, one that is not gets a fresh link.
    """
    email = normalise_email(email)
    with transaction.atomic():
        company = _find_or_create(name=name, email=email, at=at)
        if company.email_verified:
            mail.send_after_commit("company_known", company.email, company=company)
            return
        # Until the address is verified the row is nobody's, so the latest name is as good as the first.
        company.name = name
        company.save(update_fields=["name"])
        key = tokens.make_key(purpose=tokens.VERIFY_COMPANY, subject={"company": company.uuid.hex}, at=at)
        url = mail.absolute(reverse("companies:verify", kwargs={"key": key}))
        mail.send_after_commit("verify_company", company.email, company=company, url=url)


def _find_or_create(*, name, email, at):
    found = Company.objects.select_for_update().filter(email=email).first()
    if found:
        return found
    try:
        with transaction.atomic():
            company = Company.objects.create(name=name, email=email, registration_date=at)
    except IntegrityError:
        # Somebody sent the same form a moment earlier.
        return Company.objects.select_for_update().get(email=email)
    record_event(action="company-registered", company=company, subject=email, at=at)
    return company


def company_of_link(*, key: str, at: datetime) -> Company:
    """Return the company that the verification link `key` is about.

    Raises
    ------
    tokens.LinkRefused, tokens.LinkExpired
        The link is not ours or too old.
    AlreadyVerified
        The link did its work before.
    """
    subject = tokens.read_key(key, purpose=tokens.VERIFY_COMPANY, at=at)
    company = Company.objects.filter(uuid=subject["company"]).first()
    if company is None:
        raise tokens.LinkRefused(
            "The company that this link was sent to is not registered any more. Register it again."
        )
    if company.email_verified:
        raise AlreadyVerified(
            "This address is verified already. Look for the company ID in the mail that followed."
        )
    return company


@transaction.atomic
def verify_company(*, key: str, at: datetime) -> Company:
    """Take the address of a company as its own, and mail the company ID to it.

    Raises
    ------
    tokens.LinkRefused, tokens.LinkExpired, AlreadyVerified
        As `company_of_link`.
    """
    company = company_of_link(key=key, at=at)
    # Counting the rows changed, not reading again, lets only one of two clicks through.
    if not Company.objects.filter(pk=company.pk, email_verified=False).update(email_verified=True):
        raise AlreadyVerified(
            "This address is verified already. Look for the company ID in the mail that followed."
        )
    company.email_verified = True
    record_event(action="company-verified", company=company, subject=company.email, at=at)
    mail.send_after_commit("company_id", company.email, company=company)
    return company
