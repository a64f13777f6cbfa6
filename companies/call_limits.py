"""How often a program or a person may call the API, and how often an address may be wrong about a key.

Counted where the caller becomes known (`companies.authentication`), not by the throttles of REST framework:
those come after the permissions, so that refused calls would be free, and after the CSRF check, which reads
the form and stores its file.
"""

import hashlib
import ipaddress
import time

from django.conf import settings
from rest_framework.exceptions import Throttled
from rest_framework.permissions import SAFE_METHODS
from rest_framework.throttling import BaseThrottle

from companies.lockout import ADDRESS_FACTOR
from companies.models import Account, ApiKey
from core.call_limits import wait_after_call, wait_before_call

# What a call is counted as. A view that changes something says `call_limit` where it may happen often.
READING, PREDICTING, CHANGING, WRONG_KEYS = "reading", "predicting", "changing", "wrong-keys"
CALLS = {
    READING: "Up to {most:,} calls a minute may read.",
    PREDICTING: "Up to {most:,} calls a minute may predict a single customer.",
    CHANGING: "Up to {most:,} calls a minute may send files or start or change something.",
}


class TooManyCalls(Throttled):
    default_code = "too-many-calls"
    extra_detail_singular = "Try again in {wait} second."
    extra_detail_plural = "Try again in {wait} seconds."


class TooManyWrongKeys(TooManyCalls):
    default_code = "too-many-wrong-keys"


def count_call(request, *, by: ApiKey | Account) -> None:
    """Count a call of the API by a key, or by a person in a browser; each of them on its own.

    Not by company, and not by the developer behind all its keys: a program that runs wild must not stop the
    others.

    Raises
    ------
    TooManyCalls
        It was one too many in this minute. Nothing of the request was read but its head.
    """
    _count(request, who=f"{by._meta.model_name}-{by.pk}")


def refuse_guessing(*, address: str, prefix: str) -> None:
    """Stop who tried too many wrong keys, before another one is looked up.

    Raises
    ------
    TooManyWrongKeys
        Of the key with this `prefix`, or of many, from this address.
    """
    for name, most in _guesses(address, prefix):
        _refuse(
            wait_before_call(name, most=most, now=time.time()),
            "Too many calls with wrong API keys came from this address.",
            TooManyWrongKeys,
        )


def count_wrong_key(*, address: str, prefix: str) -> None:
    for name, most in _guesses(address, prefix):
        wait_after_call(name, most=most, now=time.time())


class AnonymousLimit(BaseThrottle):
    """Counts who is nobody by address, where an API view lets such callers in at all."""

    def allow_request(self, request, view):
        if not request.user.is_authenticated:
            _count(request, who=f"address-{_network(request.META.get('REMOTE_ADDR', ''))}")
        return True


def _count(request, *, who):
    limit = READING
    if request.method not in SAFE_METHODS:
        limit = getattr(request.parser_context["view"], "call_limit", CHANGING)
    most = settings.API_CALLS_PER_MINUTE[limit]
    _refuse(
        wait_after_call(f"{limit}:{who}", most=most, now=time.time()),
        CALLS[limit].format(most=most),
        TooManyCalls,
    )


def _refuse(wait, sentence, error):
    if wait:
        raise error(wait=wait, detail=sentence)


def _guesses(address, prefix):
    """Return the counters of a wrong key. A program that goes on sending an old one fills only the first."""
    network, most = _network(address), settings.API_CALLS_PER_MINUTE[WRONG_KEYS]
    # What was sent may be of any length and hold any sign.
    sent = hashlib.sha256(prefix.encode(errors="replace")).hexdigest()[:16]
    yield f"{WRONG_KEYS}:{network}:{sent}", most
    yield f"{WRONG_KEYS}:{network}", most * ADDRESS_FACTOR


def _network(address):
    """Return who sends: the network, where each household has more addresses than can be counted.

    What a proxy says about it is believed by the server or not at all; a header may say anything.
    """
    try:
        address = ipaddress.ip_address(address)
    except ValueError:
        return "nowhere"
    if address.version == 6:
        mapped = address.ipv4_mapped
        return str(mapped or ipaddress.ip_network((address, 64), strict=False).network_address)
    return str(address)
