"""A figure of few customers says no more than they tell."""

from ml.evaluation.resampling import bootstrap_metrics


def test_a_share_of_nobody_has_no_figure():
    nobody_named = bootstrap_metrics([0, 1] * 20, [0.1] * 40).churners
    nobody_left = bootstrap_metrics([0] * 33, [0.1, 0.6, 0.2] * 11).churners

    assert nobody_named["precision"].value is None and nobody_named["precision"].high is None
    assert (nobody_named["recall"].value, nobody_named["f1"].value) == (0, 0)
    assert nobody_left["recall"].value is None and nobody_left["precision"].value == 0


def test_none_of_33_found_is_no_certainty():
    recall = bootstrap_metrics([1] * 33 + [0] * 67, [0.1] * 33 + [0.2, 0.6] * 33 + [0.2]).churners["recall"]

    assert (recall.value, recall.low) == (0, 0)
    assert 0.08 < recall.high < 0.12
