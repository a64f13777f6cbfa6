"""Signatures of what must not be changed behind our back: HMAC-SHA256, one key per purpose."""

import hashlib
import hmac

from django.utils.crypto import salted_hmac


def _mac(payload: bytes, purpose: str) -> hmac.HMAC:
    mac = salted_hmac(f"churnbuster.{purpose}", b"", algorithm="sha256")
    mac.update(payload)
    return mac


def sign(payload: bytes, *, purpose: str) -> str:
    """Return the hexadecimal signature of `payload` for `purpose`."""
    return _mac(payload, purpose).hexdigest()


def verify(payload: bytes, signature: str, *, purpose: str) -> bool:
    """Whether `signature` is the one of `payload` for `purpose`, compared in constant time."""
    # As bytes: the comparison of texts refuses anything but ASCII with an error.
    return hmac.compare_digest(sign(payload, purpose=purpose).encode(), signature.encode())


def sha256(payload: bytes) -> str:
    return hashlib.sha256(payload).hexdigest()
