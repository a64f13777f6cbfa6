"""Who is in a company, who waits, and who decides."""

from datetime import datetime

from companies.models import Account, ApiKey, AuditEvent, Company, Developer, User
from core.memory import once_per_page


def member_row(account: Account) -> Developer | User | None:
    """Return the row that says what `account` is in its company now, approved or not."""
    # Who became the developer keeps the row as a user, because the predictions of that time hang on it.
    row = (
        Developer.objects.select_related("company").filter(account=account, company__isnull=False).first()
        or User.objects.select_related("company").filter(account=account).first()
    )
    if row:
        row.account = account
    return row


def done_by(account: Account, action: str, **details) -> AuditEvent | None:
    """Return the record of what `account` did to something that may be gone by now; None where it did not."""
    about = {f"details__{name}": value for name, value in details.items()}
    return AuditEvent.objects.filter(actor=account, action=action, **about).first()


def developer_of(company: Company) -> Developer | None:
    """Return the developer of `company` who may decide: approved and not deactivated."""
    return (
        Developer.objects.select_related("account")
        .filter(company=company, approved_at__isnull=False, account__is_active=True)
        .first()
    )


def approver_of(row: Developer | User) -> Account | None:
    """Return who decides about `row`: the developer, or None where the company decides by its mailbox."""
    if isinstance(row, Developer):
        return None
    developer = developer_of(row.company)
    return developer.account if developer else None


def people_of(company: Company):
    """Return the users of `company` whose address is confirmed; its developer is not among them."""
    return (
        User.objects.filter(company=company, account__email_verified=True)
        .exclude(account__developer__company=company)
        .select_related("account")
        .order_by("account__name", "account__email")
    )


def waiting_people(company: Company):
    """Return who of `people_of` waits for approval, longest first."""
    return people_of(company).filter(approved_at=None, account__is_active=True).order_by("joined_at", "pk")


@once_per_page
def count_waiting(company: Company) -> int:
    """Return how many wait for approval: it stands beside "People" on every page of the developer."""
    return waiting_people(company).count()


def possible_developers(company: Company):
    """Return the users to whom the role of developer may be handed."""
    return people_of(company).filter(approved_at__isnull=False, account__is_active=True)


def find_active_key(secret: str, *, at: datetime) -> ApiKey | None:
    """Return the key that `secret` is, if it is neither revoked nor expired."""
    prefix = secret.partition(".")[0]
    key = ApiKey.objects.active(at=at).select_related("company", "created_by").filter(prefix=prefix).first()
    return key if key and key.is_valid(secret) else None


def keys_of(company: Company):
    """Return the keys of `company`, those that were not revoked first, latest first."""
    return company.api_keys.select_related("created_by").order_by("revoked", "-created_at", "-pk")


def usable_keys_of(account: Account, *, company: Company, at: datetime):
    """Return the keys that `account` made for `company` and that still open something, latest first."""
    return company.api_keys.active(at=at).filter(created_by=account).order_by("-created_at", "-pk")
