"""The one way out for mails: a text template each, whose first line is the subject."""

import logging
import smtplib
from functools import partial

from django.conf import settings
from django.core.cache import cache
from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone

logger = logging.getLogger(__name__)

# Kept until a mail is taken again, for the operator's home.
REFUSED = "companies.mail-refused"


def absolute(path: str) -> str:
    """Return `path` with the address of this installation, whatever host name a request came with."""
    return settings.BASE_URL.rstrip("/") + path


def send(name: str, to: str, **context) -> None:
    """Send ``companies/mail/<name>.txt`` to `to`, or log that it was not taken."""
    try:
        deliver(f"companies/mail/{name}.txt", to, **context)
    except (OSError, smtplib.SMTPException):
        # What was done stays done, and the page must not answer differently when no mail leaves.
        # Every mail with a link can be asked for again.
        logger.exception("The mail %s was not sent.", name)


def deliver(template: str, to: str, **context) -> None:
    """Hand a mail to the server, and keep for the operator's home whether it was taken.

    Raises
    ------
    OSError, smtplib.SMTPException
        It was not taken.
    """
    text = render_to_string(template, {**context, "base_url": settings.BASE_URL.rstrip("/")})
    subject, _, body = text.strip().partition("\n")
    # Names of files and models end up in subjects; a line end there would be refused as a forged header.
    subject = " ".join(f"{settings.ACCOUNT_EMAIL_SUBJECT_PREFIX}{subject}".splitlines())
    try:
        send_mail(subject, body.lstrip(), None, [to])
    except (OSError, smtplib.SMTPException) as error:
        cache.set(REFUSED, {"at": timezone.now(), "why": type(error).__name__}, timeout=None)
        raise
    cache.delete(REFUSED)


def latest_refusal() -> dict | None:
    """Return when the latest mail was refused, and by which error; None where it was taken."""
    return cache.get(REFUSED)


def send_after_commit(name: str, to: str, **context) -> None:
    """Send once what the mail tells about is stored; a change that is rolled back sends nothing."""
    transaction.on_commit(partial(send, name, to, **context))
