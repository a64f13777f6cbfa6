"""The first sheet of a workbook: what its table holds, for somebody who was sent nothing but the file."""

from datetime import date

from django.utils import timezone

from ml.logs.visits import say_visits
from predictions.engines.queries import Wanted
from predictions.models import Prediction
from predictions.presenting.columns import ResultColumns
from predictions.presenting.logs import CHANGE_NAMES
from predictions.presenting.summary import Findings
from tabular.snapshots.workbook import Fact, Share


def about_result(prediction: Prediction, wanted: Wanted | None, customers: int) -> list[Fact]:
    """Return the lines of the sheet, of which `customers` the table holds because they were `wanted`.

    `wanted` is None where the table holds all of them.
    """
    findings = Findings(prediction)
    return [
        Fact(str(prediction), is_heading=True),
        Fact(f"{findings.headline}."),
        *(Fact(told) for told in findings.warnings),
        Fact(),
        *_table(findings, wanted, customers),
        Fact(),
        *_result(findings),
        Fact(),
        *_tiers(findings),
        Fact(),
        *_origin(prediction),
    ]


def _table(findings, wanted, customers):
    told = f"All {findings.rows:,} customers"
    if wanted is not None:
        chosen = "; ".join(_filters(wanted, ResultColumns(findings.prediction).group))
        chosen = say_visits(chosen) if findings.prediction.is_of_visits else chosen
        told = f"{customers:,} of {findings.rows:,} customers: {chosen}"
    return [Fact("In the table", (told,)), Fact("Sorted by", ("probability of leaving, the highest first",))]


def _filters(wanted, group):
    if wanted.find:
        yield f"“{wanted.find}” in the customer's id"
    if wanted.tier:
        yield f"tier {wanted.tier}"
    if wanted.group:
        yield f"{group['label']}: {group['choices'].get(wanted.group, wanted.group)}"
    if wanted.change:
        yield CHANGE_NAMES[wanted.change].lower()
    if wanted.in_file:
        yield f"by the file: {wanted.in_file}"


def _result(findings):
    named, at_risk = findings.named, findings.counts.get("revenue_at_risk")
    facts = [
        Fact("Customers scored", (findings.rows,)),
        Fact("Named as leaving", (named.customers, Share(named.share))),
    ]
    if not named.is_sorted_only:
        facts.append(Fact("Named from a probability of", (float(findings.counts["threshold"]),)))
    if named.customers and named.expected is not None:
        facts.append(Fact("Expected to leave of those named", (round(named.expected),)))
    if at_risk is not None:
        facts.append(Fact("Revenue at risk", (float(at_risk), "", findings.revenue_sentence)))
    return facts


def _tiers(findings):
    return [
        Fact("Risk tier", ("Customers", "Share", "Probability"), is_heading=True),
        *(
            Fact(tier["name"], (tier["count"], Share(tier["count"] / findings.rows), tier["bounds"]))
            for tier in reversed(findings.tiers)
        ),
    ]


def _origin(prediction):
    read = prediction.input_data
    facts = [
        Fact("Where it comes from", is_heading=True),
        Fact("Model", (str(prediction.model),)),
        Fact("Customer base", (str(prediction.population),)),
    ]
    if as_of := _as_of(prediction):
        facts.append(Fact("As of", (as_of,)))
    facts += [
        Fact("File", (prediction.original_filename,)),
        Fact("Predicted on", (timezone.localdate(prediction.created_at),)),
        Fact("Predicted by", (str(prediction.account),)),
    ]
    left_out = [("Rows left out", read.get("rejected")), ("Exact duplicates", read.get("duplicates"))]
    return facts + [Fact(label, (count,)) for label, count in left_out if count]


def _as_of(prediction) -> date | None:
    if prediction.reads_log:
        return date.fromisoformat(prediction.result["as_of"][:10])
    return prediction.as_of
