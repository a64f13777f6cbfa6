"""How large a file may be, and what is said where one is larger."""

from django.conf import settings

# Names, tokens and boundaries around the file in the same request.
FORM_ALLOWANCE = 256 * 1024
TOO_LARGE = "too_large"


def upload_limit() -> int:
    """Return how many bytes a file may have."""
    return settings.UPLOAD_MAX_MB * 1024 * 1024


def request_limit() -> int:
    """Return how many bytes a request may have that brings such a file."""
    return upload_limit() + FORM_ALLOWANCE


def too_large() -> str:
    """Return the sentence for whoever sends a larger one."""
    return (
        f"The file is larger than {settings.UPLOAD_MAX_MB:,} MB, the most that is accepted here. "
        "Split it, or leave out columns that the model does not read."
    )
