"""Equal rows are a sign of the same customer where few are equal, or where equal ones leave as one."""

import numpy as np

from ml.evaluation.equal_rows import equal_rows_tell

RNG = np.random.default_rng(4)
MANY = RNG.integers(0, 2**60, 2_000).astype(np.uint64)
FEW = RNG.integers(0, 200, 2_000).astype(np.uint64)
LEFT = (RNG.random(2_000) < 0.3).astype(int)


def test_where_people_are_equal_by_chance_they_are_no_sign():
    assert not equal_rows_tell(FEW, LEFT)
    assert not equal_rows_tell(FEW % 50, LEFT)


def test_where_hardly_anybody_is_equal_they_are():
    assert equal_rows_tell(MANY, LEFT)
    assert equal_rows_tell(np.append(MANY, MANY[:40]), np.append(LEFT, 1 - LEFT[:40]))


def test_where_everybody_came_twice_they_are():
    assert equal_rows_tell(np.tile(MANY, 2), np.tile(LEFT, 2))


def test_where_many_come_in_twos_and_none_in_threes_they_are_though_some_have_left_meanwhile():
    later = np.where(RNG.random(2_000) < 0.1, 1, LEFT)

    assert equal_rows_tell(np.tile(MANY, 2), np.append(LEFT, later))


def test_that_chance_made_few_threes_in_a_small_table_is_no_sign():
    for seed in range(60):
        rng = np.random.default_rng([seed, 600, 2000])
        assert not equal_rows_tell(rng.integers(0, 2_000, 600), rng.random(600) < 0.26)
