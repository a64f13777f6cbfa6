"""How large a file may be, and what is said where one is larger."""

from django.conf import settings

# Names, tokens and boundaries around the file in the same request.
FORM_ALLOWANCE = 256 * 1024
TOO_LARGE = "too_large"
# The longest history of one customer, with every text in it at its longest.
MOST_JSON = 20 * 1024 * 1024


def upload_limit() -> int:
    """Return how many bytes a file may have."""
    return settings.UPLOAD_MAX_MB * 1024 * 1024


def request_limit() -> int:
    """Return how many bytes a request may have that brings such a file."""
    return upload_limit() + FORM_ALLOWANCE


def form_limit() -> int:
    """Return how many bytes a request may have that brings a form and no file."""
    return settings.DATA_UPLOAD_MAX_MEMORY_SIZE + FORM_ALLOWANCE


def too_large_here(most: int) -> str:
    """Return the sentence for whoever sends more to an address that takes no file."""
    return (
        f"At this address at most {most // 1024 // 1024:,} MB are read, and this is more. Files are sent "
        "from the pages that ask for one, or as the documentation under /api/docs/ says."
    )


def too_large_of_strangers() -> str:
    """Return the sentence for whoever may send a form at most."""
    return (
        f"More than {form_limit() // 1024 // 1024:,} MB are read only from people who are logged in and from "
        "programs with an API key. Log in, or send your key, and send it again."
    )


def too_large() -> str:
    """Return the sentence for whoever sends a larger one."""
    return (
        f"The file is larger than {settings.UPLOAD_MAX_MB:,} MB, the most that is accepted here. "
        "Split it, or leave out columns that the model does not read."
    )
