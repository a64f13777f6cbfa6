import numpy as np
import pandas as pd
import pytest

from ml.evaluation.comparison import untouched
from ml.evaluation.metrics import evaluate
from ml.learning.honest_scores import raw_scores
from ml.learning.splits import continue_split, split_rows
from ml.learning.training import train_model
from ml.learning.twins import find_twins
from ml.matrix.frames import clean_frame, read_labels
from ml.matrix.telco import TELCO_V1
from ml.samples.dataset_a import make_dataset_a


def people(rows, seed, prefix):
    rng = np.random.default_rng(seed)
    return [f"{prefix}{number}" for number in range(rows)], (rng.random(rows) < 0.26).astype(int)


@pytest.fixture
def chain():
    """Three tables, each containing the one before, and who is held out in each."""
    ids, labels = people(6_435, 0, "a")
    held_out = np.zeros(6_435, dtype=bool)
    held_out[split_rows(labels)[1]] = True
    steps = [(ids, labels, held_out)]
    for seed, prefix in ((1, "b"), (2, "c")):
        more, outcomes = people(3_500, seed, prefix)
        earlier = dict(zip(ids, held_out.tolist(), strict=True))
        ids, labels = [*ids, *more], np.r_[labels, outcomes]
        held_out = continue_split(ids, labels, earlier)
        steps.append((ids, labels, held_out))
    return steps


def test_what_the_newest_holds_out_nobody_in_the_chain_has_learned_from(chain):
    ids, _, held_out = chain[-1]
    learned = [
        [customer for customer, held in zip(some, out, strict=True) if not held] for some, _, out in chain
    ]

    assert untouched([ids[place] for place in np.flatnonzero(held_out)], *learned).all()


def test_holds_out_a_fifth_of_each_outcome_at_every_step(chain):
    for _, labels, held_out in chain:
        assert held_out.mean() == pytest.approx(0.2, abs=0.001)
        assert labels[held_out].mean() == pytest.approx(labels.mean(), abs=0.001)


def test_each_step_draws_other_positions(chain):
    second, third = chain[1][2][-3_500:], chain[2][2][-3_500:]

    assert (second & third).sum() == pytest.approx(140, abs=40)


def test_a_customer_who_comes_again_stays_on_the_side_of_before():
    ids, labels = people(100, 0, "a")
    earlier = {customer: number % 3 == 0 for number, customer in enumerate(ids)}

    held_out = continue_split(ids[::-1], 1 - labels, earlier)

    assert held_out[::-1].tolist() == [number % 3 == 0 for number in range(100)]


def test_the_same_tables_are_split_alike():
    ids, labels = people(500, 0, "a")

    np.testing.assert_array_equal(continue_split(ids, labels, {}), continue_split(ids, labels, {}))
    assert (continue_split(ids, labels, {}) != continue_split(ids, labels, {}, seed=7)).any()


def test_a_model_is_judged_on_just_whom_it_was_told_to_hold_out(small_table):
    more = make_dataset_a(rows=500, seed=9).assign(customerID=[f"N{number}" for number in range(500)])
    table = pd.concat([small_table, more], ignore_index=True)
    labels = read_labels(table, TELCO_V1)
    earlier = dict.fromkeys(small_table["customerID"], False)
    for place in split_rows(labels[:1_500])[1]:
        earlier[small_table["customerID"][place]] = True
    held_out = continue_split(table["customerID"], labels, earlier)

    trained = train_model(table, schema=TELCO_V1, model_type="decision_tree", held_out=held_out)

    # Who is equal to somebody held out, in every column, is not learned from.
    twins = _equal_to_held_out(clean_frame(table, TELCO_V1), held_out)
    assert (trained.split["train_rows"], trained.split["test_rows"]) == (1_600 - twins, 400)
    assert len(trained.split["held_out_sha256"]) == 64
    features = clean_frame(table, TELCO_V1)
    probabilities = trained.calibrator.apply(raw_scores(trained.pipeline, features[held_out]))
    groups = find_twins(features, labels)[held_out]
    assert evaluate(labels[held_out], probabilities, groups=groups).items() <= trained.metrics.items()


def _equal_to_held_out(features, held_out):
    rows = list(features.astype(str).itertuples(index=False))
    known = {row for row, held in zip(rows, held_out, strict=True) if held}
    return sum(row in known for row, held in zip(rows, held_out, strict=True) if not held)


def test_the_usual_split_can_be_told_without_training(small_table, small_models):
    labels = read_labels(small_table, TELCO_V1)

    learned, held_out = split_rows(labels)

    trained = small_models.train("decision_tree")
    is_held_out = np.isin(np.arange(len(labels)), held_out)
    twins = _equal_to_held_out(clean_frame(small_table, TELCO_V1), is_held_out)
    assert (len(learned) - twins, len(held_out)) == (trained.split["train_rows"], trained.split["test_rows"])
    features = clean_frame(small_table, TELCO_V1)
    probabilities = trained.calibrator.apply(raw_scores(trained.pipeline, features.iloc[held_out]))
    groups = find_twins(features, labels)[held_out]
    assert evaluate(labels[held_out], probabilities, groups=groups).items() <= trained.metrics.items()


def test_refuses_to_hold_out_only_one_outcome(small_table):
    stayed = (small_table["Churn"] == "No").to_numpy()

    with pytest.raises(ValueError, match="Both outcomes must occur"):
        train_model(small_table, schema=TELCO_V1, model_type="decision_tree", held_out=stayed)


def test_refuses_a_split_of_another_table(small_table):
    with pytest.raises(ValueError, match="held_out has 3 rows, but there are 1500 customers"):
        train_model(
            small_table, schema=TELCO_V1, model_type="decision_tree", held_out=np.zeros(3, dtype=bool)
        )


def test_refuses_ids_that_do_not_fit_the_labels():
    with pytest.raises(ValueError, match="2 ids, but 3 labels"):
        continue_split(["a", "b"], np.zeros(3), {})


# --- Equal customers -------------------------------------------------------------------------------------


def twins(rows, seed, share=0.3):
    """Return the group of each customer, of whom some are equal, and outcomes that are mostly theirs."""
    rng = np.random.default_rng(seed)
    groups = np.unique(rng.integers(0, round(rows * (1 - share)), rows), return_inverse=True)[1]
    labels = (rng.random(groups.max() + 1) < 0.3)[groups] ^ (rng.random(rows) < 0.02)
    return groups, labels.astype(int)


def crossing(groups, held_out):
    return set(groups[held_out]) & set(groups[~held_out])


def test_equal_customers_stand_on_one_side():
    groups, labels = twins(3_000, 1)

    held_out = continue_split([str(place) for place in range(3_000)], labels, {}, groups=groups)

    assert not crossing(groups, held_out)
    assert held_out.mean() == pytest.approx(0.2, abs=0.001)
    assert labels[held_out].mean() == pytest.approx(labels.mean(), abs=0.02)


def test_the_same_customers_under_other_ids_never_cross():
    groups, labels = twins(1_000, 2)
    ids = [f"a{place}" for place in range(1_000)]
    before = continue_split(ids, labels, {}, groups=groups)
    more = [f"b{place}" for place in range(1_000)]

    held_out = continue_split(
        [*ids, *more],
        np.r_[labels, labels],
        dict(zip(ids, before.tolist(), strict=True)),
        groups=np.r_[groups, groups],
    )

    assert held_out[:1_000].tolist() == held_out[1_000:].tolist() == before.tolist()


def test_who_became_equal_to_one_that_is_held_out_is_held_out():
    ids = [str(place) for place in range(200)]
    labels, groups = np.array([0, 1] * 100), np.arange(200)
    earlier = {"0": True, "1": False} | dict.fromkeys(ids[2:100], False)
    groups[1] = groups[150] = 0

    held_out = continue_split(ids, labels, earlier, groups=np.unique(groups, return_inverse=True)[1])

    assert held_out[[0, 1, 150]].all()
    assert not held_out[2:100].any()


def test_a_group_that_is_too_large_to_be_held_out_is_learned_from():
    groups = np.r_[np.zeros(500, dtype=int), np.arange(1, 501)]
    labels = np.arange(1_000) % 2

    held_out = continue_split([str(place) for place in range(1_000)], labels, {}, groups=groups)

    assert not held_out[:500].any()
    assert held_out.mean() == pytest.approx(0.2, abs=0.02)


def test_where_columns_can_say_little_equal_customers_are_no_copies():
    labels, groups = np.arange(1_000) % 2, np.arange(1_000) // 2 % 20
    ids = [str(place) for place in range(1_000)]

    held_out = continue_split(ids, labels, {}, groups=groups)

    assert held_out.tolist() == continue_split(ids, labels, {}).tolist()
