"""Colours that can be read, and charts that agree with the style sheet."""

import itertools
import re
from pathlib import Path

import plotly
import plotly.graph_objects as go
import pytest
from django.conf import settings

from core import charts

SHEET = (settings.BASE_DIR / "static/css/churnbuster.css").read_text()
LIGHT, DARK = (
    dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block))
    for block in re.findall(r":root \{(.*?)\}", SHEET, re.DOTALL)[:2]
)
SCHEMES = {"light": LIGHT, "dark": DARK}
TIERS = ("low", "medium", "high", "critical")


def luminance(colour):
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


TEXT_PAIRS = [
    *itertools.product(("ink", "ink-2", "accent", "good", "bad"), ("paper", "ground")),
    ("accent-ink", "accent"),
    ("accent-ink", "accent-2"),
    ("accent", "accent-bg"),
    *((f"{tier}-ink", f"{tier}-bg") for tier in TIERS),
]
SHAPE_PAIRS = [*itertools.product((*TIERS, "accent", "line-2", "focus"), ("paper",))]


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(("ink", "ground"), TEXT_PAIRS)
def test_text_can_be_read(scheme, ink, ground):
    colours = {**LIGHT, **SCHEMES[scheme]}

    assert contrast(colours[ink], colours[ground]) >= 4.5


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(("shape", "ground"), SHAPE_PAIRS)
def test_shapes_and_borders_of_controls_can_be_seen(scheme, shape, ground):
    colours = {**LIGHT, **SCHEMES[scheme]}

    assert contrast(colours[shape], colours[ground]) >= 3


def test_tiers_darken_with_risk_so_that_greyscale_print_keeps_their_order():
    values = [luminance(LIGHT[tier]) for tier in TIERS]

    assert values == sorted(values, reverse=True)
    assert all(lighter > darker * 1.2 for lighter, darker in itertools.pairwise(values))


@pytest.mark.parametrize("name", charts.PALETTE)
def test_charts_use_the_colours_of_the_style_sheet(name):
    assert charts.PALETTE[name] == (LIGHT[name], DARK[name])


def test_an_embedded_figure_brings_the_template_and_its_dark_colours():
    figure = go.Figure(
        go.Bar(x=["Low"], y=[3], marker_color=charts.PALETTE["low"].light), layout_title="Not here"
    )

    embedded = charts.embed(figure)

    assert embedded["layout"]["template"]["layout"]["font"]["family"] == charts.FONT_FAMILY
    assert embedded["dark"][charts.PALETTE["low"].light] == charts.PALETTE["low"].dark
    assert not embedded["layout"].get("title")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("end", charts.SCALE)
def test_numbers_can_be_read_on_both_ends_of_the_scale(scheme, end):
    assert contrast(getattr(charts.PALETTE["ink"], scheme), getattr(end, scheme)) >= 4.5


def test_lines_differ_by_more_than_colour():
    dashes = [trace.line.dash for trace in charts.TEMPLATE.data.scatter]

    assert len(set(dashes)) == len(dashes) == len(charts.SERIES)


def test_the_style_elements_that_plotly_would_add_are_taken_before_it_loads():
    # plotly.js adds <style> elements unless their ids are taken; a new release may bring new ones.
    bundle = (Path(plotly.__file__).parent / "package_data/plotly.min.js").read_text()
    head = (settings.BASE_DIR / "templates/components/_charts_head.html").read_text()

    guarded = set(re.findall(r'getElementById\("([0-9a-f]{64})"\)', bundle))

    assert guarded
    assert all(f'id="{identifier}"' in head for identifier in guarded)
    assert bundle.count('createElement("style")') == len(guarded) + 1
    assert 'id="plotly.js-style-global"' in head


def test_a_figure_is_made_without_the_look_of_plotly_and_gets_ours():
    figure = go.Figure(go.Bar(x=[1], y=[2]), layout={"title": "Stays out"})

    carried = charts.embed(figure)["layout"]

    # Plotly's own would be checked and copied for each figure of a page: it took longer than the data.
    assert figure.layout.template.layout.colorway is None
    assert carried["template"]["layout"]["height"] == charts.TEMPLATE.layout.height
    assert "title" not in carried


def rule(selector):
    return re.search(rf"^{re.escape(selector)} \{{ (.*?) \}}", SHEET, re.MULTILINE)[1]


def test_a_notice_of_no_kind_shows_its_sign_and_its_buttons_keep_apart():
    # Without a tone the sign is paper on paper.
    assert "--tone: var(--accent);" in rule(".notice")
    assert "margin-top: var(--u);" in rule(".notice > .row, .notice > p:has(> .btn)")
