"""What trainings found out about versions beside each other, for the pages on which one of them is chosen."""

from collections.abc import Sequence

from django.urls import reverse

from companies.identity import Member
from ml.logs.visits import say_visits
from registry.models import ModelVersion
from registry.presenting.comparisons import Basis, Beside, Comparison
from training.models import TrainingRun
from training.presenting.findings import RetrainingFindings, compared_figure
from training.selectors import JudgedPair, judged_pairs, training_runs_for
from transactions.presenting.days import write_day

TURNED = {"better": "worse", "worse": "better"}


def comparison_on_same_customers(
    member: Member, version: ModelVersion, other: ModelVersion
) -> Comparison | None:
    """Return how `version` did beside `other` in the latest training that judged both on the same customers.

    That may be the training of either. None where there is none.
    """
    pairs = judged_pairs(member.company, other.population_id, versions=(version.pk, other.pk))
    pair = next((pair for pair in pairs if {pair.version, pair.other} == {version.pk, other.pk}), None)
    if pair is None:
        return None
    told = _of_purchases(member, pair) if pair.is_of_purchases else _of_customers(member, pair)
    return told if pair.version == version.pk else _turned(told, version, other)


def verdicts_beside_champion(
    member: Member, champion: ModelVersion, versions: Sequence[ModelVersion]
) -> dict[int, Beside]:
    """Return by their ids what came of versions beside the champion, by the latest training that tells."""
    wanted = {champion.pk, *(version.pk for version in versions)}
    found = {}
    for pair in judged_pairs(member.company, champion.population_id, versions=wanted):
        if champion.pk not in (pair.version, pair.other):
            continue
        pk, verdict = pair.version, pair.verdict
        if pk == champion.pk:
            pk, verdict = pair.other, TURNED.get(verdict, verdict)
        found.setdefault(pk, Beside(verdict, pair.at, _address(pair)))
    return found


def bases_of_log_figures(member: Member, versions: Sequence[ModelVersion]) -> dict[int, Basis]:
    """Return for versions of purchases by which definition, and at which cutoff, they were judged."""
    trainings = member.company.training_runs.of_purchases().filter(version__in=versions)
    return {
        training.version_id: _basis(training)
        for training in trainings.filter(report__isnull=False).only("version", "label_source", "report")
    }


def _basis(training):
    definition = training.report.get("definition")
    day = training.report.get("tested_at_cutoff")
    as_of = f", as of {write_day(day)}" if day else ""
    if not definition:
        return Basis(("label", day), f"Leaving means: the log says so itself{as_of}.")
    gap = f", beginning {definition['gap_days']} days later" if definition["gap_days"] else ""
    days = tuple(definition[name] for name in ("horizon_days", "gap_days", "active_window_days"))
    meaning = (
        f"Leaving means: no purchase for {days[0]} days{gap}, of those who bought in the {days[2]} days "
        f"before{as_of}."
    )
    return Basis((*days, day), say_visits(meaning) if training.report.get("of_visits") else meaning)


def _of_customers(member, pair):
    run = training_runs_for(member).get(uuid=pair.run)
    tables = zip(run.comparison["pairs"], RetrainingFindings(run).tables, strict=True)
    # The pairs keep names, and a name is one version within a customer base.
    found, table = next((found, table) for found, table in tables if found["name"] == pair.name)
    return _comparison(pair, found["sentence"], rows=table["rows"], resamples=table["resamples"])


def _of_purchases(member, pair):
    found = TrainingRun.objects.get(company=member.company, uuid=pair.run).report["beside_champion"]
    beside = {
        "new": {"value": found["new"]},
        "serving": {"value": found["champion"]},
        "difference": {
            "value": found["new"] - found["champion"],
            "low": found["low"],
            "high": found["high"],
        },
    }
    row = compared_figure(("probabilities", "brier"), beside, found["verdict"])
    knew = (
        f" {found['name']} had learned a part of these outcomes, so it looks better than it is."
        if found["knew_until"]
        else ""
    )
    return _comparison(pair, f"{found['sentence']}{knew}", rows=[row], resamples=None)


def _comparison(pair: JudgedPair, sentence, *, rows, resamples):
    return Comparison(
        verdict=pair.verdict,
        sentence=sentence,
        rows=rows,
        resamples=resamples,
        url=_address(pair),
        at=pair.at,
    )


def _address(pair):
    if pair.is_of_purchases:
        return f"{reverse('registry:version', args=('dev', pair.version))}#log"
    return reverse("training:run", args=(pair.run,))


def _turned(told, version, other):
    """Return the same seen from the other side: it was made when `other` was trained."""
    return Comparison(
        verdict=TURNED.get(told.verdict, told.verdict),
        sentence=f"{other} was compared with {version} when it was trained. {told.sentence}",
        rows=[_turned_row(row) for row in told.rows],
        resamples=told.resamples,
        url=told.url,
        at=told.at,
    )


def _turned_row(row):
    difference = row["difference"]
    return {
        **row,
        "new": row["serving"],
        "serving": row["new"],
        "difference": {
            "value": _negated(difference["value"]),
            "low": _negated(difference["high"]),
            "high": _negated(difference["low"]),
        },
        "verdict": TURNED.get(row["verdict"], row["verdict"]),
        "better": None if row["better"] is None else not row["better"],
    }


def _negated(value):
    return None if value is None else -value
