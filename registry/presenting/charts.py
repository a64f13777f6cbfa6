"""The pictures of versions, one or several, as plotly figures. Each has the numbers for a table beside it."""

from collections.abc import Callable, Sequence

import plotly.graph_objects as go

from core.charts import DASHES, GUIDE, PALETTE, SCALE, SERIES
from core.figures import counted, of_100, percent
from ml.evaluation.proportions import share_interval
from ml.model_types.catalogue import MODEL_TYPES
from registry.presenting import promises

# Which version it is stands beside what a pointer on its line says.
NAMED = "<extra>%{fullData.name}</extra>"


# Names of versions, each with what was measured of it.
Named = Sequence[tuple[str, dict]]


def roc_figure(versions: Named) -> go.Figure:
    """Customers who leave and are found, against customers who stay and are called in vain."""
    figure = go.Figure()
    for place, (name, roc) in enumerate(versions):
        add_line(
            figure, place, name, roc["false_positive_rate"], roc["true_positive_rate"],
            says="finds %{y:.0%} of those who leave<br>and names %{x:.0%} of those who stay",
        )  # fmt: skip
    _add_guide(figure, [0, 1], "Guessing")
    return _unit_square(figure, "False alarms, of those who stay", "Found, of those who leave")


def precision_recall_figure(versions: Named, base_rate: float) -> go.Figure:
    """How many of those named really leave, against how many of those who leave are named."""
    figure = go.Figure()
    for place, (name, curve) in enumerate(versions):
        add_line(
            figure, place, name, curve["recall"], curve["precision"],
            says="finds %{x:.0%} of those who leave,<br>%{y:.0%} of those named leave",
        )  # fmt: skip
    _add_guide(figure, [base_rate, base_rate], "Guessing")
    return _unit_square(figure, "Recall: share of leavers found", "Precision: share of those named, right")


def confusion_figure(confusion: dict) -> go.Figure:
    """Counts of right and wrong predictions at the threshold."""
    rows = [
        [confusion["true_negative"], confusion["false_positive"]],
        [confusion["false_negative"], confusion["true_positive"]],
    ]
    figure = go.Figure(
        go.Heatmap(
            z=rows,
            x=["Predicted to stay", "Predicted to leave"],
            y=["Stayed", "Left"],
            text=[[f"{count:,}" for count in row] for row in rows],
            texttemplate="%{text}",
            textfont={"size": 15, "color": PALETTE["ink"].light},
            colorscale=[[0, SCALE[0].light], [1, SCALE[1].light]],
            showscale=False,
            xgap=3,
            ygap=3,
            hovertemplate="%{y}, %{x}: %{z:,}<extra></extra>",
        )
    )
    figure.update_yaxes(autorange="reversed")
    return figure


def calibration_figure(versions: Named) -> go.Figure:
    """What was promised against what happened, in groups of equal size."""
    figure = go.Figure()
    _add_guide(figure, [0, 1], "Promise kept")
    for place, (name, calibration) in enumerate(versions):
        bins = calibration["bins"]
        figure.add_scatter(
            x=[group["mean_probability"] for group in bins],
            y=[group["churn_rate"] for group in bins],
            customdata=[group["rows"] for group in bins],
            mode="lines+markers",
            name=name,
            line=_style(place),
            marker={"size": 9},
            hovertemplate="promised %{x:.0%}, happened %{y:.0%}<br>%{customdata:,} customers" + NAMED,
        )
    return _unit_square(figure, "Probability of leaving, predicted", "Share that left")


def add_line(figure: go.Figure, place: int, name: str, x: list, y: list, *, says: str | None = None) -> None:
    """Add the line of the version at `place`, in its colour and dash, and what a pointer on it `says`."""
    figure.add_scatter(
        x=x, y=y, mode="lines", name=name, line=_style(place), hovertemplate=says and says + NAMED
    )


def _add_guide(figure, up, name):
    figure.add_scatter(x=[0, 1], y=up, mode="lines", name=name, line=GUIDE, hoverinfo="skip")


def _style(place):
    return {"color": SERIES[place].light, "dash": DASHES[place]}


def _unit_square(figure, across, up):
    figure.update_xaxes(title_text=across, range=[0, 1], tickformat=".0%")
    figure.update_yaxes(title_text=up, range=[0, 1.02], tickformat=".0%")
    return figure


def curve_rows(across: list, up: list, *, points: int = 11) -> list[tuple[float, float]]:
    """Return about `points` points of a curve, evenly spaced along it, for the table beside the picture."""
    last = len(across) - 1
    chosen = sorted({round(step * last / (points - 1)) for step in range(points)})
    return [(across[position], up[position]) for position in chosen]


def titles(found: dict, heading_of: Callable[[str], str]) -> dict[str, str]:
    """Return a heading for each picture that states what it shows, its columns called by `heading_of`."""
    confusion, churners = found["confusion"], found["churners"]
    right = confusion["true_positive"] + confusion["true_negative"]
    named = confusion["true_positive"] + confusion["false_positive"]
    verb = "was" if right == 1 else "were"
    names = [heading_of(row["feature"]) for row in found["importance"][:2]]
    return {
        "roc": f"It ranks {of_100(churners['auc'])} of 100 pairs of one who leaves and one who stays right",
        "precision_recall": (
            f"Of {counted(named, 'customer')} named, {percent(churners['precision'], 0)} left"
            f"{_range_of(confusion['true_positive'], named)}; of all {percent(churners['base_rate'], 0)} did"
            if named
            else f"Nobody was named; {percent(churners['base_rate'], 0)} left"
        ),
        "confusion": f"{right:,} of {counted(found['rows'], 'customer')} {verb} predicted correctly",
        "calibration": promises.title_by(found),
        "importance": f"{' and '.join(names)} {'matter' if len(names) > 1 else 'matters'} most"
        if names
        else "No column was measured",
    }


def _range_of(hits, named):
    low, high = share_interval(hits, named)
    return f" (95 % interval {percent(low, 0)} to {percent(high, 0)})"


def importance_rows(importance: list[dict], heading_of: Callable[[str], str], *, most: int) -> list[dict]:
    """Return the columns that matter most, for bars; one that only added noise is shown as zero."""
    return [
        {
            "label": heading_of(row["feature"]),
            "value": max(row["importance"], 0.0),
            "text": f"{max(row['importance'], 0.0):.3f}",
        }
        for row in importance[:most]
    ]


def readable_parameters(model_type: str, parameters: dict) -> list[tuple[str, str]]:
    """Return the parameters of a version of that type as people read them, in words and lists with commas."""
    known = MODEL_TYPES.get(model_type)
    labels = {rule.name: rule.label for rule in known.rules} if known else {}
    return [
        (
            labels.get(name) or name.replace("_", " "),
            ", ".join(map(str, value)) if isinstance(value, list) else str(value),
        )
        for name, value in parameters.items()
    ]
