"""The pictures of one version, as plotly figures. Each has the numbers for a table beside it."""

import plotly.graph_objects as go

from core.charts import PALETTE, SCALE, SERIES
from ml.model_types.catalogue import MODEL_TYPES

GUIDE = {"color": PALETTE["line-2"].light, "dash": "dot", "width": 1.5}


def roc_figure(roc: dict) -> go.Figure:
    """Customers who leave and are found, against customers who stay and are called in vain."""
    figure = go.Figure()
    figure.add_scatter(
        x=roc["false_positive_rate"],
        y=roc["true_positive_rate"],
        mode="lines",
        name="This version",
        line={"color": SERIES[0].light, "dash": "solid"},
        hovertemplate="finds %{y:.0%} of those who leave<br>with %{x:.0%} of those who stay<extra></extra>",
    )
    figure.add_scatter(x=[0, 1], y=[0, 1], mode="lines", name="Guessing", line=GUIDE, hoverinfo="skip")
    return unit_square(figure, "Share of those who stay, called in vain", "Share of those who leave, found")


def precision_recall_figure(curve: dict, base_rate: float) -> go.Figure:
    """How many of those named really leave, against how many of those who leave are named."""
    figure = go.Figure()
    figure.add_scatter(
        x=curve["recall"],
        y=curve["precision"],
        mode="lines",
        name="This version",
        line={"color": SERIES[0].light, "dash": "solid"},
        hovertemplate="finds %{x:.0%} of those who leave,<br>%{y:.0%} of those named leave<extra></extra>",
    )
    figure.add_scatter(
        x=[0, 1], y=[base_rate, base_rate], mode="lines", name="Guessing", line=GUIDE, hoverinfo="skip"
    )
    return unit_square(
        figure, "Recall: share of those who leave, found", "Precision: share of those named, right"
    )


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


def calibration_figure(calibration: dict) -> go.Figure:
    """What was promised against what happened, in groups of equal size."""
    bins = calibration["bins"]
    figure = go.Figure()
    figure.add_scatter(x=[0, 1], y=[0, 1], mode="lines", name="Promise kept", line=GUIDE, hoverinfo="skip")
    figure.add_scatter(
        x=[group["mean_probability"] for group in bins],
        y=[group["churn_rate"] for group in bins],
        customdata=[group["rows"] for group in bins],
        mode="lines+markers",
        name="This version",
        line={"color": SERIES[0].light, "dash": "solid"},
        marker={"size": 9},
        hovertemplate="promised %{x:.0%}, happened %{y:.0%}<br>%{customdata:,} customers<extra></extra>",
    )
    return unit_square(figure, "Probability of leaving, predicted", "Share that left")


def unit_square(figure: go.Figure, across: str, up: str) -> go.Figure:
    """Let both axes of `figure` be shares, and name them."""
    figure.update_xaxes(title_text=across, range=[0, 1], tickformat=".0%")
    figure.update_yaxes(title_text=up, range=[0, 1.02], tickformat=".0%")
    return figure


def curve_rows(across: list, up: list, *, points: int = 11) -> list[tuple[float, float]]:
    """Return about `points` points of a curve, evenly spaced along it, for the table beside the picture."""
    last = len(across) - 1
    chosen = sorted({round(step * last / (points - 1)) for step in range(points)})
    return [(across[position], up[position]) for position in chosen]


def titles(found: dict) -> dict[str, str]:
    """Return a heading for each picture that states what it shows."""
    confusion, churners = found["confusion"], found["churners"]
    right = confusion["true_positive"] + confusion["true_negative"]
    named = confusion["true_positive"] + confusion["false_positive"]
    names = [row["feature"] for row in found["importance"][:2]]
    return {
        "roc": f"It ranks {100 * churners['auc']:.0f} of 100 pairs of one who leaves and one who stays right",
        "precision_recall": (
            f"Of {named:,} customers named, {100 * churners['precision']:.0f} % left; "
            f"guessing would reach {100 * churners['base_rate']:.0f} %"
        ),
        "confusion": f"{right:,} of {found['rows']:,} customers were told right",
        "calibration": f"Its probabilities are {100 * found['calibration']['ece']:.1f} points off on average",
        "importance": f"{' and '.join(names)} matter most" if names else "No column was measured",
    }


def importance_rows(importance: list[dict], *, most: int) -> list[dict]:
    """Return the columns that matter most, for bars; one that only added noise is shown as zero."""
    return [
        {
            "label": row["feature"],
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
