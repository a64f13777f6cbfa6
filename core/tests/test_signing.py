import random

import pytest
from django.test import override_settings

from core.signing import sha256, sign, verify

PAYLOAD = b'{"model": 7, "sha256": "ab"}'


def test_a_signature_holds_for_what_was_signed():
    assert verify(PAYLOAD, sign(PAYLOAD, purpose="artefact"), purpose="artefact")


def test_a_signature_does_not_hold_for_another_purpose():
    assert not verify(PAYLOAD, sign(PAYLOAD, purpose="artefact"), purpose="download")


def test_no_flipped_bit_passes():
    signature, chance = sign(PAYLOAD, purpose="artefact"), random.Random(7)

    for _ in range(200):
        changed = bytearray(PAYLOAD)
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
        assert not verify(bytes(changed), signature, purpose="artefact")


@pytest.mark.parametrize("signature", ["", "0" * 64, "kein Schlüssel"])
def test_what_is_no_signature_is_refused_and_does_not_break(signature):
    assert not verify(PAYLOAD, signature, purpose="artefact")


def test_a_signature_of_another_installation_is_refused():
    with override_settings(SECRET_KEY="x" * 60):
        foreign = sign(PAYLOAD, purpose="artefact")

    assert not verify(PAYLOAD, foreign, purpose="artefact")


def test_the_digest_is_that_of_the_standard():
    assert sha256(b"abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
