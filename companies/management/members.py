"""For which company a command does something, and who does it."""

from django.core.management.base import CommandError

from companies.identity import Member, membership
from companies.models import Account, Company, normalise_email
from companies.selectors import developer_of


def find_member(company_id: str, email: str | None, *, does: str) -> Member:
    """Return the member with `email`, or the company's developer, or its first user.

    Parameters
    ----------
    does
        What the member does, for the sentence where there is none: ``"predicts"``.
    """
    company = find_company(company_id)
    if email:
        account = Account.objects.filter(email=normalise_email(email)).first()
    else:
        developer = getattr(company, "developer", None)
        first = company.users.exclude(approved_at=None).order_by("pk").first()
        account = developer.account if developer else first and first.account
    member = membership(account) if account else None
    if member is None or member.company != company or not member.approved:
        raise CommandError(
            f"{f'{email} is no' if email else 'Nobody is an'} approved member of {company}. Say with --by "
            f"who {does}."
        )
    return member


def find_developer(company_id: str, *, does: str) -> Member:
    """Return the developer of a company, for what nobody else in it may do.

    Parameters
    ----------
    does
        What only a developer does, for the sentence where there is none: ``"retrains its models"``.
    """
    company = find_company(company_id)
    developer = developer_of(company)
    if developer is None:
        raise CommandError(f"{company} has no approved developer, and nobody else {does}. Approve one first.")
    return membership(developer.account)


def find_account(email: str | None) -> Account | None:
    """Return who answers for what a command does; None where nobody was named: then the installation does."""
    if not email:
        return None
    account = Account.objects.filter(email=normalise_email(email)).first()
    if account is None:
        raise CommandError(f"Nobody has an account of the address {email}. Say with --by who answers for it.")
    return account


def find_company(company_id: str) -> Company:
    """Return the company of this ID, however it was typed."""
    try:
        return Company.objects.get(pk=company_id.strip().upper())
    except Company.DoesNotExist as error:
        raise CommandError(f"There is no company {company_id}.") from error
