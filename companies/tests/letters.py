"""Read the letters that a test caused."""

import re

from django.conf import settings
from django.core import mail


def letters_to(address):
    return [letter for letter in mail.outbox if letter.to == [address]]


def latest_letter_to(address):
    return letters_to(address)[-1]


def link_in(letter):
    """Return the path of the link that stands on a line of its own."""
    url = re.search(rf"^{re.escape(settings.BASE_URL)}(\S+)$", letter.body, re.MULTILINE)
    return url.group(1)
