"""Figures side by side on the Models page: the best is marked only among those of the same customers."""

import re

import pytest

from registry.presenting.quality import quality_of
from registry.presenting.side_by_side import rows_of
from registry.tests.factories import CURVES, DatasetFactory, ModelMetricsFactory, ModelVersionFactory

pytestmark = pytest.mark.django_db


def version(dataset, *, f1=0.6, ece=0.02, low=0.82, high=0.88, auc=0.85, rows=1_287, **options):
    found = CURVES | {
        "rows": rows,
        "churners": CURVES["churners"] | {"f1": f1},
        "calibration": CURVES["calibration"] | {"ece": ece},
        "intervals": {"weighted": {"AUC": {"value": auc, "low": low, "high": high}}},
    }
    made = ModelVersionFactory(training_dataset=dataset, population=dataset.population, **options)
    made = ModelMetricsFactory(model=made, auc_roc=auc, additional_metrics=found).model
    made.quality = quality_of(made)
    return made


def best(rows, name):
    return [
        row.version
        for row in rows
        for cell in (*row.churners, *row.weighted)
        if cell.name == name and cell.is_best
    ]


def test_the_best_is_marked_and_less_is_better_where_it_is():
    dataset = DatasetFactory()
    one, two = version(dataset, f1=0.61, ece=0.01), version(dataset, f1=0.64, ece=0.03)

    rows = rows_of([one, two])

    assert best(rows, "F1 (churners)") == [two]
    assert best(rows, "Calibration error") == [one]


def test_equal_values_and_versions_of_other_customers_have_no_best():
    dataset, other = DatasetFactory(), DatasetFactory()

    assert best(rows_of([version(dataset, f1=0.6101), version(dataset, f1=0.6102)]), "F1 (churners)") == []
    assert best(rows_of([version(dataset, f1=0.5), version(other, f1=0.7)]), "F1 (churners)") == []
    assert (
        best(rows_of([version(dataset, f1=0.5), version(dataset, f1=0.7, rows=900)]), "F1 (churners)") == []
    )


def test_intervals_stand_on_one_scale_and_hold_their_value():
    dataset = DatasetFactory()
    wide, fine = (
        version(dataset, low=0.70, high=0.90, auc=0.80),
        version(dataset, low=0.84, high=0.88, auc=0.86),
    )

    ranges = [row.pictured.range for row in rows_of([wide, fine])]

    starts, widths, places = (
        [float(getattr(r, name).rstrip("%")) for r in ranges] for name in ("start", "width", "at")
    )
    assert starts[0] < starts[1] and widths[0] == pytest.approx(5 * widths[1], abs=0.1)
    assert all(s < at < s + w <= 100 for s, w, at in zip(starts, widths, places, strict=True))


def test_a_version_that_was_never_tried_stands_there_without_figures():
    dataset = DatasetFactory()
    untried = ModelVersionFactory(training_dataset=dataset, population=dataset.population)
    untried.quality = None

    assert [(row.churners == [], row.pictured is None) for row in rows_of([version(dataset), untried])] == [
        (False, False), (True, True),
    ]  # fmt: skip


def test_the_page_shows_picture_and_mark(as_developer, default_versions):
    page = as_developer.get("/dev/models/").content.decode()

    assert page.count('class="best"') >= 5
    assert "95 % interval" in page and page.count('class="interval"') >= 5 * len(default_versions)
    assert re.search(r"data-sideways[^>]*models, figures of the customers", page)
