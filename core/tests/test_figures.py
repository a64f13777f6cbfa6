"""A share is never written as all or nothing where it is neither."""

import pytest

from core.figures import counted, of_100, percent
from core.templatetags import core_tags


@pytest.mark.parametrize(
    ("share", "places", "written"),
    [
        (0.265, 0, "26"),
        (0.265, 1, "26.5"),
        (0, 0, "0"),
        (1, 1, "100.0"),
        (0.995, 0, "99.5"),
        (0.9951, 0, "99.5"),
        (0.9999, 0, "99.99"),
        (0.9999, 1, "99.99"),
        (0.004, 0, "0.4"),
        (0.00004, 1, "0.004"),
        (0.00000004, 1, "<0.0001"),
        (0.99999999, 0, ">99.999"),
        (sum([0.1] * 10), 0, "100"),
        (-0.0, 0, "0"),
        (-0.031, 1, "\u22123.1"),
        (12.5, 0, "1,250"),
    ],
)
def test_writes_a_share(share, places, written):
    assert of_100(share, places) == written


def test_one_is_not_many():
    assert [counted(number, "customer") for number in (0, 1, 1204)] == [
        "0 customers",
        "1 customer",
        "1,204 customers",
    ]
    assert counted(2, "category", "categories") == "2 categories"


def test_pages_write_shares_by_the_same_rule():
    assert core_tags.percent(0.9997) == percent(0.9997) == "99.97\u202f%"
    assert core_tags.percent(None) == core_tags.MISSING
