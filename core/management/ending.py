"""How a command ends where it is refused, or something below us fails: with a sentence and no traceback."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import CommandError

from core.errors import DomainError
from core.faults import FilesAway, fault_of

# Of these the words are for whoever runs the command: a setting that is wrong is one, too.
SENTENCES = (DomainError, CommandError, ImproperlyConfigured)


@contextmanager
def ending_in_a_sentence() -> Iterator[None]:
    """End the process with 1 and the sentence of what is refused within; a bug rises."""
    try:
        yield
    except Exception as error:
        if told := _sentence_of(error):
            sys.exit(told)
        raise


def _sentence_of(error):
    # What says by itself what is wrong knows more than what it came from.
    told = error if isinstance(error, SENTENCES) else fault_of(error)
    if isinstance(told, FilesAway) or isinstance(error.__cause__, FilesAway):
        return f"The stored files cannot be reached. {FilesAway.remedy}"
    return told and str(told)
