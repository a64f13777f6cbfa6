"""What the operator's home says of mails and of people who wait."""

from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db.models import Q
from django.urls import reverse

from companies import mail
from companies.models import Company, Developer, User
from core.figures import counted
from core.standing import Standing, events

# As many as a person reads; the link leads to all.
MOST = 10


def mails(at: datetime) -> Standing:
    if settings.EMAIL_BACKEND == "django.core.mail.backends.filebased.EmailBackend":
        written = sum(1 for _ in Path(settings.EMAIL_FILE_PATH).glob("*.log"))
        return Standing(
            "Mails",
            f"There is no mail server: {counted(written, 'mail lies', 'mails lie')} in MAIL_DIR as "
            f"{'a file' if written == 1 else 'files'}, and nobody receives them. EMAIL_URL names a server.",
        )
    refused = mail.latest_refusal()
    if refused is None:
        return Standing("Mails", "Mails are handed to the mail server, which took the latest one.")
    return Standing(
        "Mails",
        f"The latest mail was not taken ({refused['why']}, {refused['at']:%-d %b %Y, %H:%M} UTC).",
        "See that EMAIL_URL is right and the server answers. Who waits for a mail can ask for it again.",
    )


def untold(at: datetime) -> Standing:
    return events(at, page=lambda: reverse("admin:core_untoldevent_changelist"))


def waiting_section(at: datetime) -> dict:
    """Return who waits to be let in, the longest first, and which companies have not proved their address."""
    rows = [
        {"row": row, "as_what": as_what, "url": reverse(f"admin:companies_{name}_change", args=[row.pk])}
        for model, name, as_what in ((Developer, "developer", "developer"), (User, "user", "user"))
        for row in _waiting(model)[:MOST]
    ]
    unproved = Company.objects.filter(email_verified=False).count()
    return {
        "people": sorted(rows, key=lambda found: found["row"].joined_at)[:MOST],
        "people_in_all": sum(_waiting(model).count() for model in (Developer, User)),
        "unproved": unproved and counted(unproved, "company has", "companies have"),
    }


def _waiting(model):
    # Who has not confirmed an address is nobody yet; who was let go has a row as well.
    there = Q(account__email_verified=True, account__is_active=True, company__isnull=False)
    rows = model.objects.filter(there, approved_at=None)
    return rows.select_related("account", "company").order_by("joined_at")
