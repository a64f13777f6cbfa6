"""Links that are sent by mail: signed, made for one purpose, and dead after their time.

What a link may still do is decided by the row it points at, so a link that was used once does nothing more.
"""

from datetime import datetime, timedelta

from django.core import signing

from core.errors import DomainError, NotFound

VERIFY_COMPANY = "verify-company"
DECIDE = "decide"
LIFETIME = {VERIFY_COMPANY: timedelta(days=3), DECIDE: timedelta(days=14)}


class LinkRefused(NotFound):
    code = "link-refused"


class LinkExpired(DomainError):
    code = "link-expired"
    http_status = 410


def make_key(*, purpose: str, subject: dict, at: datetime) -> str:
    """Return the key of a link about `subject` (JSON-able), sent at `at`."""
    return signing.dumps({"subject": subject, "at": int(at.timestamp())}, salt=f"companies.{purpose}")


def read_key(key: str, *, purpose: str, at: datetime) -> dict:
    """Return the subject of `key`, if we signed it for `purpose` and it is not too old at `at`.

    Raises
    ------
    LinkRefused
        The key is not ours, was changed, or was made for another purpose.
    LinkExpired
        It was ours, once.
    """
    try:
        content = signing.loads(key, salt=f"companies.{purpose}")
    except signing.BadSignature as error:
        raise LinkRefused(
            "This link is incomplete or was changed. Copy the whole of it from the mail."
        ) from error
    if at - datetime.fromtimestamp(content["at"], tz=at.tzinfo) > LIFETIME[purpose]:
        raise LinkExpired(
            f"This link was valid for {LIFETIME[purpose].days} days, which are over. Ask for a new one."
        )
    return content["subject"]
