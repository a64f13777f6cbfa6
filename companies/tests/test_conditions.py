"""What must hold before much is changed is asked the same way everywhere."""

import pytest

from companies.models import Account
from companies.services.conditions import (
    NameDiffers,
    OperatorsOnly,
    ReasonMissing,
    checked_reason,
    one_line,
    refuse_all_but_operators,
    refuse_other_name,
)


@pytest.mark.parametrize(
    ("reason", "sentence"), [("", "Why?"), (" \n\t ", "Why?"), ("w" * 501, "Give the reason in at most 500")]
)
def test_a_reason_that_is_none_is_refused(reason, sentence):
    with pytest.raises(ReasonMissing, match=sentence) as refused:
        checked_reason(reason, missing="Why?")

    assert (refused.value.http_status, refused.value.code, refused.value.field) == (
        422,
        "reason-missing",
        "reason",
    )


def test_a_reason_is_kept_on_one_line():
    assert checked_reason("  Better\n on   leavers ", missing="Why?") == "Better on leavers"
    assert checked_reason("w" * 500, missing="Why?") == "w" * 500
    # Whoever reads the mail on a terminal would see what it orders, and "gpj" for "jpg".
    assert one_line("\x1b[31mMarch\x07 \u202egpj\u2069 \x1b ") == "[31mMarch gpj"
    assert one_line("مارس ‌👩‍💻") == "مارس ‌👩‍💻"


def test_a_name_is_typed_as_it_is_read_not_as_it_is_stored():
    refuse_other_name(" Corner  Shop ", "Corner   Shop")

    with pytest.raises(NameDiffers, match="Type Corner Shop to confirm"):
        refuse_other_name("corner shop", "Corner Shop")


def test_only_an_operator_and_the_installation_itself_pass():
    refuse_all_but_operators(None, act="does this")
    refuse_all_but_operators(Account(is_staff=True), act="does this")

    with pytest.raises(
        OperatorsOnly, match=r"^Only an operator does this\. Ask the operator of this installation\.$"
    ):
        refuse_all_but_operators(Account(is_staff=False), act="does this")
