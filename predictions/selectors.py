"""What a member may see of predictions, and what there is to choose from."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

from django.db.models import Q, QuerySet, Subquery

from companies.identity import Member
from companies.models import Company
from core.errors import Conflict
from core.files.media import media_exists, readable_path
from core.memory import once_per_page
from jobs.models import Job
from ml.samples import INVENTED_IDS
from predictions import files
from predictions.engines.results import CustomerTable
from predictions.models import Prediction
from registry.models import ModelVersion, Population
from registry.selectors import (
    champion_that_serves,
    has_several_bases,
    offered_versions,
    populations_of,
    snapshot_bases,
    telecom_base,
    versions_for,
)
from transactions.cutoffs import DEFINITION, end_of_log, of_log
from transactions.models import AnalysisSession, FeatureMatrix
from transactions.selectors import latest_log_of, without_outdone

# So many results of other logs are looked through for one that was made before.
MOST_EARLIER = 20
# So many files are looked through for the list of today.
MOST_FILES = 50
MONTH = timedelta(days=31)


@once_per_page
def has_predicted(company: Company) -> bool:
    """Tell whether a prediction was ever made."""
    return company.predictions.exists()


def predictions_for(member: Member):
    """Return every prediction of the member's company: colleagues read each other's results (see README)."""
    return member.company.predictions.with_people()


def may_change(member: Member, prediction: Prediction) -> bool:
    """Tell whether `member` may rename and delete it: a user the own ones, the developer all."""
    if prediction.company_id != member.company.pk:
        return False
    return member.is_developer or prediction.user_id == member.row.pk


def scored_before(prediction: Prediction) -> Prediction | None:
    """Return the latest run before this one in which the same version was given the same file, or log, as of
    the same day; None where there is none.
    """
    read = prediction.input_data or {}
    if prediction.reads_log:
        same = {"input_data__analysis": read["analysis"]}
    elif sha256 := (read.get("spec") or {}).get("sha256"):
        same = {"input_data__spec__sha256": sha256}
    else:
        return None
    earlier = prediction.company.predictions.with_people().filter(
        model=prediction.model_id, pk__lt=prediction.pk, **same
    )
    # How bad rows are dealt with, and how letters are read, changes who is scored.
    found = earlier.exclude(job__state__in=Job.CAME_TO_NOTHING).order_by("-pk")
    return next((run for run in found.iterator(chunk_size=20) if _reads_alike(run, prediction)), None)


def _reads_alike(one, other):
    def told(run):
        read = run.input_data
        return run.as_of, read.get("rejected"), (read.get("spec") or {}).get("encoding")

    return told(one) == told(other)


def open_table(prediction: Prediction) -> CustomerTable:
    """Open the scored customers of a finished prediction."""
    return CustomerTable(readable_path(files.table_beside(prediction.result_dataset_path)))


class NotScoredInShadow(Conflict):
    code = "not-scored-in-the-shadow"


class NoSuchList(Conflict):
    code = "no-such-list"


def list_beside(prediction: Prediction, beside: Callable[[str], str]) -> str:
    """Return where a list lies that some results have, by one of the names of `predictions.files`.

    Raises
    ------
    NoSuchList
        This result does not have it.
    """
    stored = beside(prediction.result_dataset_path)
    if not media_exists(stored):
        raise NoSuchList(
            f"“{prediction}” has no such list: only a purchase log has lapsed customers, and only a later "
            "one of the same customers has changes. Take its result instead."
        )
    return stored


def thresholds_of(prediction: Prediction) -> tuple[float, float]:
    """Return from which probability on the version that was used and the challenger say "leaves".

    Raises
    ------
    NotScoredInShadow
        No challenger scored these customers, or its scores are gone.
    """
    shadow = prediction.company.shadow_runs.filter(batch=prediction.uuid, failure="").first()
    if shadow is None or not media_exists(files.shadow_beside(prediction.result_dataset_path)):
        raise NotScoredInShadow(
            f"No challenger scored the customers of {prediction} in the shadow. "
            "Deploy a challenger, then predict again."
        )
    return tuple(shadow.distribution["thresholds"])


def earlier_run(prediction: Prediction) -> Prediction | None:
    """Return the company's finished prediction before this one with the same model, for the comparison.

    Another model may name other customers of the same file; that is no change of theirs. Of a purchase log it
    is the result that it was compared with customer by customer.
    """
    if prediction.reads_log:
        followed = prediction.input_data.get("follows")
        return prediction.company.predictions.finished().filter(uuid=followed).first() if followed else None
    return (
        prediction.company.predictions.finished()
        .filter(model=prediction.model, created_at__lt=prediction.created_at)
        .exclude(pk=prediction.pk)
        .first()
    )


def closed_days_known_now(prediction: Prediction) -> list[list[str]] | None:
    """Return on which days nothing was open, of the log that was scored; None once somebody deleted it."""
    logs = prediction.company.analyses.filter(pk=prediction.input_data["analysis"])
    return next((days or [] for days in logs.values_list("closed_days", flat=True)), None)


def runs_that_led_to(prediction: Prediction) -> list[Prediction]:
    """Return the results of logs that one of a log goes on from, one export after the other, latest first."""
    found = []
    while len(found) < MOST_EARLIER and (prediction := earlier_run(prediction)):
        found.append(prediction)
    return found


def that_looks_furthest(newest: Prediction) -> Prediction:
    """Return the finished prediction that tells best who of the customers of `newest` is about to leave now.

    An old log and an old file may be scored any time: of purchase logs it is the one that looks furthest, of
    files the newest that is not of the past beside another one of the same month.
    """
    same = newest.company.predictions.with_people().finished().filter(population=newest.population_id)
    same = same.order_by("-created_at", "-pk")
    if newest.reads_log:
        ends = same.of_logs().values_list("pk", "created_at", "result__as_of", "result__ends_in_doubt")
        pk = max(without_outdone(list(ends[:MOST_FILES])), key=lambda each: each[2] or "")[0]
    else:
        pk = _of_today([ScoredFile(*row) for row in same.values_list(*ScoredFile.COLUMNS)[:MOST_FILES]]).pk
    return newest if pk == newest.pk else same.get(pk=pk)


class ScoredFile:
    """What tells a list of today from one of the past."""

    COLUMNS = (
        "pk",
        "created_at",
        "result__rows",
        "input_data__spec__reference",
        "result__realised__everybody__left",
        "result__call_first__0__customer",
        "result__urgent__0__customer",
    )

    def __init__(self, pk, created_at, rows, reference, left, *first):
        self.pk, self.created_at, self.rows = pk, created_at, rows or 0
        self.reference = date.fromisoformat(reference) if reference else None
        # Of a file in which nobody left, nothing is known yet.
        self.knows_who_left = bool(left)
        # SQLite gives an id of digits as the number.
        self.is_invented = any(str(customer).startswith(INVENTED_IDS) for customer in first)

    def is_past_beside(self, other: "ScoredFile") -> bool:
        """Whether this is an older state: by its dates, or as it knows who left where `other`, which is about
        as large, does not.
        """
        if self.reference and other.reference and self.reference + MONTH < other.reference:
            return True
        return self.knows_who_left and not other.knows_who_left and 2 * other.rows >= self.rows


def _of_today(files):
    """Return which of scored files, newest first, is the list of today."""
    real = [each for each in files if not each.is_invented] or files
    recent = [each for each in real if each.created_at >= real[0].created_at - MONTH]
    now = (each for each in real if not any(each.is_past_beside(other) for other in recent))
    return next(now, real[0])


def version_choices(member: Member, base: Population) -> QuerySet[ModelVersion]:
    """Return what `member` may predict the customers of `base` with."""
    return versions_for(member, base).with_figures()


def versions_of_history(member: Member) -> QuerySet[ModelVersion]:
    """Return the models by which predictions are filtered: what is offered, and what was used before."""
    offered, used = offered_versions(member).values("pk"), member.company.predictions.values("model")
    found = ModelVersion.objects.filter(Q(pk__in=offered) | Q(pk__in=used))
    return found.select_related("model_type", "population")


def bases_of_history(member: Member) -> QuerySet[Population] | None:
    """Return the customers by which predictions are filtered; None where there is only one kind of them."""
    company = member.company
    if not has_several_bases(company):
        return None
    used = company.predictions.values("population")
    return Population.objects.filter(Q(pk__in=populations_of(company)) | Q(pk__in=used)).order_by("name")


def base_to_begin_with(member: Member) -> Population:
    """Return the customers that a form begins with: those of the latest file that was predicted, else the
    first of the company's own that a model serves, else those of the installation.
    """
    return _base_of_latest(member.company) or _first_own_base(member) or telecom_base()


def log_to_begin_with(member: Member) -> AnalysisSession | None:
    """Return the log whose customers a company predicts that has no others: no table of its own, and none of
    which it ever predicted. None where no model serves them yet.
    """
    company = member.company
    if not has_several_bases(company) or _base_of_latest(company):
        return None
    own = company.populations.open()
    if own.exclude(kind=Population.Kind.LOG).exists():
        return None
    served = own.filter(pk__in=offered_versions(member).values("population")).order_by("-pk")
    return next((log for base in served if (log := latest_log_of(company, base))), None)


def _base_of_latest(company):
    if not has_predicted(company):
        return None
    bases = snapshot_bases(company)
    latest = company.predictions.filter(population__in=bases).values("population")[:1]
    return bases.filter(pk=Subquery(latest)).first()


def _first_own_base(member):
    if not has_several_bases(member.company):
        return None
    served = offered_versions(member).values("population")
    return snapshot_bases(member.company).filter(company=member.company, pk__in=served).first()


def version_for_purchases(
    company: Company, base: Population | None, *, model_type: str | None = None
) -> ModelVersion | None:
    """Return what scores the purchases of one customer: the champion of a base of purchases.

    Where a `model_type` is named, the latest version of that type that is offered for them: what nobody
    deployed, and what scores in the shadow, answers nobody.
    """
    if base is None:
        return None
    if model_type is None:
        return champion_that_serves(company, base)
    offered = company.deployments.offered().filter(population=base).values("model")
    named = company.versions.ready().filter(pk__in=offered, model_type__slug=model_type)
    return named.select_related("model_type", "company", "population").order_by("-created_at", "-pk").first()


def trained_for_purchases(
    company: Company, base: Population | None, *, model_type: str | None = None
) -> QuerySet[ModelVersion]:
    """Return what learned from the purchases of a base and may be deployed for them."""
    learned = company.versions.ready().filter(population=base)
    return learned.filter(model_type__slug=model_type) if model_type else learned


def version_for_log(analysis: AnalysisSession) -> ModelVersion | None:
    """Return what scores the customers of a log: the champion of its base."""
    return champion_that_serves(analysis.company, analysis.population)


def outcomes_known_until(version: ModelVersion) -> datetime | None:
    """Return up to when, by the clock of its log, a version knows what became of customers; None where the
    features that it learned from are gone, or said themselves who left.
    """
    if version.training_dataset_id is None:
        return None
    learned = FeatureMatrix.objects.filter(dataset=version.training_dataset_id, label_source=DEFINITION)
    found = learned.only("as_of", "gap_days", "horizon_days").first()
    return found and of_log(found.as_of) + timedelta(days=found.gap_days + found.horizon_days)


def runs_of_log(analysis: AnalysisSession) -> QuerySet[Prediction]:
    """Return what was predicted for the customers of a log, latest first."""
    runs = analysis.company.predictions.of_logs().with_people()
    return runs.filter(input_data__analysis=str(analysis.pk))


def run_before(analysis: AnalysisSession) -> Prediction | None:
    """Return the result that the next one of `analysis` is compared with: the latest of its base that was
    made of another log of the same kind, of visits or of purchases, and that does not look further than this
    log does.
    """
    runs = analysis.company.predictions.finished().of_logs().filter(population=analysis.population)
    others = runs.exclude(input_data__analysis=str(analysis.pk))
    ends = end_of_log(analysis).isoformat() if analysis.is_ready else None
    # A company has a few logs, and each a few results; the rows are small without what was predicted.
    for run in others.select_related("model")[:MOST_EARLIER]:
        if run.is_of_visits == analysis.is_of_visits and (ends is None or run.result["as_of"] < ends):
            return run
    return None


def people_of(company: Company) -> list[tuple[str, str]]:
    """Return who may have predicted, as choices of a filter: value and name."""
    developers = company.predictions.exclude(developer=None).values_list(
        "developer", "developer__account__email"
    )
    users = company.predictions.exclude(user=None).values_list("user", "user__account__email")
    people = [(f"developer-{key}", email) for key, email in developers.order_by().distinct()]
    people += [(f"user-{key}", email) for key, email in users.order_by().distinct()]
    return sorted(people, key=lambda person: person[1])
