"""Rows are copies of each other only if they are equal in every cell, whatever their hashes say."""

import numpy as np
import pyarrow as pa

from tabular.source.duplicates import LONG_TEXT, Copies, hash_texts

ONE, OTHER, THIRD = ("a", "b"), ("a", "c"), ("ab", "")


def test_only_later_equal_rows_are_copies():
    copies = Copies(np.array([7], np.uint64))

    assert [copies.is_copy(0, row) for row in (ONE, ONE, ONE)] == [False, True, True]


def test_rows_that_share_a_hash_are_told_apart():
    copies = Copies(np.array([7], np.uint64))

    found = [copies.is_copy(0, row) for row in (ONE, OTHER, THIRD, OTHER, ONE, THIRD)]

    assert found == [False, False, False, True, True, True]


def test_cells_are_not_mixed_up():
    copies = Copies(np.array([7], np.uint64))

    assert not any(
        copies.is_copy(0, row) for row in (("ab", "c"), ("a", "bc"), ("a\x1fb", "c"), ("a", "b\x1fc"))
    )


def test_only_rows_with_a_repeated_hash_are_candidates():
    copies = Copies(np.array([3, 9], np.uint64))

    places, which = copies.candidates(np.array([1, 9, 3, 10, 9], np.uint64))

    assert (places.tolist(), which.tolist()) == ([1, 2, 4], [1, 0, 1])
    assert not len(Copies(np.empty(0, np.uint64)).candidates(np.array([1], np.uint64))[0])


def test_a_text_has_one_hash_wherever_it_stands_and_however_long_it_is():
    texts = [
        "",
        "a",
        "b" * (LONG_TEXT - 1),
        "c" * LONG_TEXT,
        "d" * (LONG_TEXT + 1),
        "e" * 32_000,
        "e" * 31_999,
    ]

    together = hash_texts(pa.array(texts), 7)
    alone = [hash_texts(pa.array(["before", text]).slice(1), 7)[0] for text in texts]

    assert together.tolist() == alone
    assert len(set(alone)) == len(texts)
