import pytest

from core.charts import embed
from registry.models import Population
from registry.presenting import charts
from registry.telecom import TELECOM
from registry.tests.factories import CURVES


def named(names, curve):
    return [(name, CURVES[curve]) for name in names]


def figures(*names):
    return {
        "roc": charts.roc_figure(named(names, "roc")),
        "precision_recall": charts.precision_recall_figure(named(names, "precision_recall"), 0.264),
        "confusion": charts.confusion_figure(CURVES["confusion"]),
        "calibration": charts.calibration_figure(named(names, "calibration")),
    }


@pytest.mark.parametrize("name", ["roc", "precision_recall", "calibration"])
def test_axes_are_named(name):
    layout = figures("This version")[name].layout

    assert layout.xaxis.title.text
    assert layout.yaxis.title.text


@pytest.mark.parametrize("name", ["roc", "precision_recall", "confusion", "calibration"])
def test_a_figure_reaches_the_page(name):
    assert embed(figures("This version")[name])["data"]


@pytest.mark.parametrize("name", ["roc", "precision_recall", "calibration"])
def test_versions_differ_by_more_than_colour_and_are_named_where_one_points(name):
    drawn = [line for line in figures("LightGBM v2", "LightGBM v1")[name].data if line.hovertemplate]

    assert [line.name for line in drawn] == ["LightGBM v2", "LightGBM v1"]
    assert len({line.line.dash for line in drawn}) == 2
    assert all("%{fullData.name}" in line.hovertemplate for line in drawn)


def test_every_count_of_the_confusion_matrix_is_drawn():
    drawn = figures("This version")["confusion"].data[0].z

    assert sorted(count for row in drawn for count in row) == [90, 155, 185, 857]


def test_titles_state_the_finding():
    titles = charts.titles(CURVES, Population(**TELECOM).heading_of)

    assert titles["confusion"] == "1,042 of 1,287 customers were predicted correctly"
    assert titles["precision_recall"] == (
        "Of 275 customers named, 67\u202f% left (95 % interval 62\u202f% to 73\u202f%); of all 26\u202f% did"
    )
    assert titles["importance"] == "Contract and Tenure matter most"


def test_the_table_of_a_curve_keeps_both_ends():
    rows = charts.curve_rows(list(range(200)), list(range(200)))

    assert len(rows) == 11
    assert (rows[0], rows[-1]) == ((0, 0), (199, 199))


def test_the_table_of_a_short_curve_repeats_nothing():
    assert charts.curve_rows([0, 1], [0, 1]) == [(0, 0), (1, 1)]
