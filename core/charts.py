"""The one look of every plotly figure, and how a figure reaches the page.

An app's `charts.py` makes a figure from a data frame and takes its colours from `PALETTE`; `embed` gives it
the template and turns it into what `static/js/charts.js` draws. A figure is made with the light colours; its
payload says which dark colour stands for each, so that one figure serves both schemes.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import plotly.graph_objects as go
import plotly.io as pio


class Colour(NamedTuple):
    """One colour of the style sheet, in the light and in the dark scheme."""

    light: str
    dark: str


# The same tokens as in static/css/churnbuster.css; a test holds the two together.
PALETTE: dict[str, Colour] = {
    "ink": Colour("#17202a", "#e6eaf0"),
    "ink-2": Colour("#56616e", "#9aa6b4"),
    "line": Colour("#dfe3e8", "#2c3541"),
    "line-2": Colour("#8b95a1", "#6b7889"),
    "paper": Colour("#ffffff", "#181e26"),
    "accent": Colour("#2456d6", "#7ea2ff"),
    "accent-bg": Colour("#e9effd", "#1c2a4a"),
    "low": Colour("#43a07e", "#4fae8a"),
    "medium": Colour("#a67300", "#d9b44a"),
    "high": Colour("#ad3f0b", "#f2894e"),
    "critical": Colour("#7a0d2c", "#ff6f91"),
}

# Series that are not tiers: the accent first, then hues that stay apart for colour-blind readers. Dashes vary
# with them (see TEMPLATE), so that no two lines differ by colour alone.
SERIES: tuple[Colour, ...] = (
    PALETTE["accent"],
    Colour("#b35900", "#ffb070"),
    Colour("#0f7f78", "#4fd1c5"),
    Colour("#8b3fa0", "#d79bea"),
    PALETTE["ink-2"],
)
DASHES = ("solid", "dash", "dot", "dashdot", "longdash")

# From little to much where text stands on the colour: ink can be read on both ends, in both schemes.
SCALE = (PALETTE["accent-bg"], Colour("#b3c6f6", "#3a5396"))

# A line that says where something would lie, and is no figure itself.
GUIDE = {"color": PALETTE["line-2"].light, "dash": "dot", "width": 1.5}

FONT_FAMILY = (
    '-apple-system, BlinkMacSystemFont, "Segoe UI", Roboto, "Noto Sans", Ubuntu, Cantarell, '
    '"Helvetica Neue", Arial, sans-serif'
)

_AXIS = {
    "automargin": True,
    "separatethousands": True,
    "gridcolor": PALETTE["line"].light,
    "linecolor": PALETTE["line-2"].light,
    "zerolinecolor": PALETTE["line-2"].light,
    "showline": True,
    "ticks": "outside",
    "ticklen": 4,
    "tickcolor": PALETTE["line-2"].light,
    "tickfont": {"size": 12, "color": PALETTE["ink-2"].light},
    "title": {"font": {"size": 13, "color": PALETTE["ink-2"].light}, "standoff": 10},
}

TEMPLATE = go.layout.Template(
    layout={
        "font": {"family": FONT_FAMILY, "size": 13, "color": PALETTE["ink"].light},
        "colorway": [colour.light for colour in SERIES],
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        # At the right there is room for the label of the outermost tick, which is centred below it.
        "margin": {"l": 8, "r": 24, "t": 8, "b": 8},
        "height": 320,
        "bargap": 0.12,
        "xaxis": {**_AXIS, "showgrid": False},
        "yaxis": _AXIS,
        "hoverlabel": {
            "bgcolor": PALETTE["paper"].light,
            "bordercolor": PALETTE["line-2"].light,
            "font": {"family": FONT_FAMILY, "size": 13, "color": PALETTE["ink"].light},
            "align": "left",
        },
        "hovermode": "closest",
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "font": {"size": 12}},
        "separators": ".,",
        "dragmode": False,
    },
    data={"scatter": [{"line": {"width": 2.5, "dash": dash}} for dash in DASHES]},
)
_TEMPLATE_AS_JSON = json.loads(pio.to_json(go.Figure(layout={"template": TEMPLATE})))["layout"]["template"]
# Otherwise each figure is made with plotly's own look first, which takes longer than all its data.
pio.templates.default = "none"


def embed(figure: go.Figure) -> dict[str, Any]:
    """Turn a figure into what a page carries through `json_script` and `static/js/charts.js` draws.

    The title stays out: a page writes it as a heading, where everybody finds it.
    """
    payload = json.loads(figure.to_json())
    payload["layout"].pop("title", None)
    # Put in as it is: plotly would check every value of it again, for each figure of a page.
    payload["layout"]["template"] = _TEMPLATE_AS_JSON
    colours = {*PALETTE.values(), *SERIES, *SCALE}
    return {
        "data": payload["data"],
        "layout": payload["layout"],
        "dark": {colour.light: colour.dark for colour in sorted(colours)},
    }
