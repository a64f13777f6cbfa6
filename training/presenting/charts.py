"""The pictures of a comparison, as plotly figures. Each has the numbers for a table beside it."""

import plotly.graph_objects as go

from core.charts import SERIES
from core.figures import counted, of_100
from registry.presenting import charts
from registry.presenting.promises import held_by
from registry.presenting.quality import figures_of_churners

LONGEST_CURRENCY = 12


def roc_figure(versions: list[dict]) -> go.Figure:
    return charts.roc_figure([(version["name"], version["figures"]["roc"]) for version in versions])


def precision_recall_figure(versions: list[dict]) -> go.Figure:
    curves = [(version["name"], version["figures"]["precision_recall"]) for version in versions]
    return charts.precision_recall_figure(curves, versions[0]["figures"]["churners"]["base_rate"])


def calibration_figure(versions: list[dict]) -> go.Figure:
    """Every version, and the new one before its calibration."""
    lines = [(version["name"], version["figures"]["calibration"]) for version in versions]
    if versions[0].get("uncalibrated"):
        lines.append((f"{versions[0]['name']}, before calibration", versions[0]["uncalibrated"]))
    figure = charts.calibration_figure(lines)
    # Five names stand above it, one below the other.
    figure.update_layout(height=400)
    return figure


def confusion_figure(version: dict) -> go.Figure:
    """Counts of right and wrong predictions of the new version at its threshold."""
    return charts.confusion_figure(version["figures"]["confusion"])


def profit_figure(versions: list[dict], money: str) -> go.Figure:
    """What a campaign would have earned, in `money`, by the share of customers it contacts."""
    figure = go.Figure()
    for place, version in enumerate(versions):
        points = version["profit"]["points"]
        charts.add_line(
            figure,
            place,
            version["name"],
            [point["share"] for point in points],
            [point["profit"] for point in points],
        )
    figure.update_xaxes(title_text="Share of customers contacted", range=[0, 1], tickformat=".0%")
    # A currency fits beside the axis; words about it stand below the picture.
    figure.update_yaxes(title_text=f"Profit, in {money}" if len(money) <= LONGEST_CURRENCY else "Profit")
    return figure


def shift_figure(shifts: list[dict], new: str, serving: str) -> go.Figure:
    """How much each column moves the probability, in both versions."""
    rows = shifts[::-1]
    figure = go.Figure()
    for place, (key, name) in enumerate((("new", new), ("serving", serving))):
        figure.add_bar(
            x=[row[key] or 0.0 for row in rows],
            y=[row["feature"] for row in rows],
            orientation="h",
            name=name,
            marker={"color": SERIES[place].light, "pattern": {"shape": ("", "/")[place]}},
            hovertemplate="%{y}: %{x:.3f}<extra></extra>",
        )
    figure.update_xaxes(title_text="Mean change")
    figure.update_layout(barmode="group", height=max(320, 44 * len(rows)))
    return figure


def titles(found) -> dict[str, str]:
    """Return a heading for each picture that states what it shows."""
    new, serving = found.new, found.serving
    figures, before = new["figures"], serving["figures"]
    confusion = figures["confusion"]
    right = confusion["true_positive"] + confusion["true_negative"]
    verb = "was" if right == 1 else "were"
    return {
        "roc": (
            f"It ranks {of_100(figures['churners']['auc'], 1)} of 100 pairs right; "
            f"{serving['name']} {of_100(before['churners']['auc'], 1)}"
        ),
        "precision_recall": (
            f"Of 100 it names, {_leave_of_100(figures)} leave; with {serving['name']} {_leave_of_100(before)}"
        ),
        "calibration": (
            f"Its probabilities {held_by(found.newest_uploads | figures)}; those of {serving['name']} "
            f"{held_by(before)}"
        ),
        "confusion": f"{right:,} of {counted(figures['rows'], 'customer')} {verb} predicted correctly",
        "profit": _profit_title(new, serving, found.currency) if new["profit"] else "",
    }


def _leave_of_100(figures):
    precision = figures_of_churners(figures)["precision"]
    return "(it names nobody)" if precision is None else of_100(precision)


def _profit_title(new, serving, currency):
    # Two figures and no verdict: both sizes were chosen in hindsight, and the difference has no interval.
    earned, before = (
        " ".join(filter(None, (f"{version['profit']['best']['profit']:,.0f}", currency)))
        for version in (new, serving)
    )
    return f"At its best, a campaign would have earned {earned}; with {serving['name']} {before}"


def shift_title(shifts: list[dict]) -> str:
    return f"The weight of {shifts[0]['feature']} changed most" if shifts else "No column weighs differently"


def sides_title(sides: dict, customers: int) -> str:
    moved = sides["to_leave"]["customers"] + sides["to_stay"]["customers"]
    if not moved:
        return "No customer changes side"
    return f"{moved:,} of {counted(customers, 'customer')} change{'s' * (moved == 1)} side"
