"""What only those have who left, or who stayed: found where it is, and next to never where nothing is."""

import numpy as np
import pandas as pd

from ml.evaluation.leaks import find_marks


def marks(frame, label):
    return [(mark.column, mark.what) for mark in find_marks(frame, label)]


def test_finds_what_is_filled_blank_or_says_so_for_leavers_alone():
    left = np.arange(400) < 100
    part = left & (np.arange(400) % 3 > 0)
    frame = pd.DataFrame(
        {
            "reason": np.where(part, "price", None),
            "renewal": np.where(part, np.nan, 5.0),
            "plan": np.where(part, "ended", "basic"),
            "age": np.arange(400.0) % 37,
        }
    )

    assert marks(frame, left) == [("reason", "filled"), ("renewal", "blank"), ("plan", "ended")]


def test_finds_numbers_that_only_leavers_have():
    left = np.arange(400) < 100
    part = left & (np.arange(400) % 3 > 0)
    rng = np.random.default_rng(3)
    honest = rng.permutation(np.arange(400.0))
    frame = pd.DataFrame(
        {
            "refund": np.where(part, 1.0 + np.arange(400), 0.0),
            "reason": np.where(part, np.char.mod("reason %d", np.arange(400) % 20), "none"),
            "score": np.where(part, -1.0, honest),
            "account": np.where(part, 900_000.0 + np.arange(400), honest),
            "seen": np.where(part, -50.5 - np.arange(400), honest),
            "honest": rng.normal(left, 1),
        }
    )

    assert [(mark.column, mark.relation, mark.what) for mark in find_marks(frame, left)] == [
        ("refund", "other", "0"),
        ("reason", "other", "none"),
        ("score", "is", "-1"),
        ("account", "from", "900001"),
        ("seen", "up_to", "-51.5"),
    ]


def test_finds_what_only_leavers_have_where_most_left():
    left = np.arange(800) < 640
    part = left & (np.arange(800) % 5 < 3)
    rng = np.random.default_rng(4)
    honest = rng.permutation(np.arange(800.0))
    frame = pd.DataFrame(
        {
            "refund": np.where(part, 1.0 + np.arange(800), 0.0),
            "settled_on": np.where(part, 30.0, np.nan),
            "account": np.where(part, 900_000.0 + np.arange(800), honest),
            "honest": rng.normal(left, 1),
        }
    )

    refund, settled_on, account = find_marks(frame, left)
    assert (refund.column, refund.relation, refund.what) == ("refund", "other", "0")
    assert (settled_on.column, settled_on.what) == ("settled_on", "filled")
    # Of the honest numbers, those next to the end may be of leavers as well.
    assert (account.column, account.relation) == ("account", "from") and account.customers - part.sum() < 10
    assert refund.of_leavers and settled_on.of_leavers and account.of_leavers


def test_finds_what_only_stayers_have():
    stayed = np.arange(800) >= 200
    part = stayed & (np.arange(800) % 5 < 3)
    rng = np.random.default_rng(4)
    honest = rng.permutation(np.arange(800.0))
    frame = pd.DataFrame(
        {
            "next_bonus": np.where(part, 1.0 + np.arange(800), 0.0),
            "agreed_on": np.where(part, 30.0, np.nan),
            "asked": np.where(part, None, "yes"),
            "letter": np.where(part, "renewed", rng.choice(["a", "b"], 800)),
            "account": np.where(part, 900_000.0 + np.arange(800), honest),
            "honest": rng.normal(stayed, 1),
        }
    )

    assert [(mark.column, mark.relation, mark.what) for mark in find_marks(frame, ~stayed)] == [
        ("next_bonus", "other", "0"),
        ("agreed_on", "is", "filled"),
        ("asked", "is", "blank"),
        ("letter", "is", "renewed"),
        ("account", "from", "900200"),
    ]
    assert not any(mark.of_leavers for mark in find_marks(frame, ~stayed))


def test_few_customers_prove_nothing():
    left = np.arange(400) < 100
    frame = pd.DataFrame({"reason": np.where(np.arange(400) < 29, "price", None)})

    assert marks(frame, left) == []
    # Of a tenth who leave, none among 60 is chance.
    assert (
        marks(
            pd.DataFrame({"plan": np.where(np.arange(400) > 339, "rare", "basic")}),
            left & (np.arange(400) < 40),
        )
        == []
    )


def test_names_nothing_where_nothing_tells():
    rng = np.random.default_rng(5)
    named = 0
    for _ in range(200):
        left = rng.random(500) < rng.uniform(0.05, 0.95)
        text = rng.choice(["a", "b", "c", "d", None], 500, p=[0.45, 0.2, 0.15, 0.1, 0.1])
        blanks = np.where(rng.random(500) < 0.1, np.nan, 1.0)
        frame = pd.DataFrame({"text": text, "blanks": blanks, "number": rng.normal(size=500)})
        named += len(marks(frame, left))

    assert named == 0


def test_where_nearly_all_left_nothing_is_said():
    left = np.arange(400) < 390
    frame = pd.DataFrame({"text": np.where(np.arange(400) < 100, "a", "b")})

    assert marks(frame, left) == []
