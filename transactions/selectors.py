"""Which purchase logs a member may see, and how each of them stands."""

from uuid import UUID

from django.db.models import Prefetch, QuerySet

from companies.identity import Member
from companies.models import Company
from core.memory import once_per_page
from ml.logs.profile.silence import find_doubt
from registry.models import Population
from transactions.models import AnalysisSession, FeatureMatrix


def analyses_for(member: Member) -> QuerySet[AnalysisSession]:
    """Return the logs of the member's company, latest first: whoever is in may see all of them."""
    return analyses_of(member.company)


def may_delete(member: Member, analysis: AnalysisSession) -> bool:
    """Tell whether `member` may delete a log: a user the own ones, the developer all, as for predictions."""
    if analysis.company_id != member.company.pk:
        return False
    return member.is_developer or analysis.account_id == member.account.pk


def listed_analyses_for(member: Member) -> QuerySet[AnalysisSession]:
    """Return the same with the latest features of each, so that how they stand takes no query per log."""
    latest = FeatureMatrix.objects.order_by("-created_at").select_related("job").defer("report")
    logs = analyses_for(member).defer("profile")
    return logs.prefetch_related(Prefetch("matrices", latest, to_attr="latest_matrices"))


def analyses_of(company: Company) -> QuerySet[AnalysisSession]:
    return company.analyses.select_related("dataset", "job", "account", "company", "population")


@once_per_page
def has_logs(company: Company) -> bool:
    """Tell whether a log was ever sent."""
    return company.analyses.exists()


def ready_analyses_for(member: Member) -> QuerySet[AnalysisSession]:
    """Return the logs that were read: those with events to look at."""
    return analyses_for(member).filter(state=AnalysisSession.State.READY)


def latest_log_of(company: Company, base: Population) -> AnalysisSession | None:
    """Return the log of a base that ends last, the latest sent of those; None where none was read.

    One whose end is in doubt, perhaps by a mistyped date, is none where one without doubt was sent after it.
    """
    read = analyses_of(company).filter(population=base, state=AnalysisSession.State.READY)
    # The end stands in a document, by which databases sort differently; a base has few logs.
    ends = read.values_list("pk", "created_at", "import_report__last_at", "import_report__doubt_of_end")
    told = [(pk, sent, last, bool(doubt)) for pk, sent, last, doubt in ends]
    latest = max(without_outdone(told), key=lambda each: each[2], default=None)
    return latest and read.defer("profile", "preview", "parse_spec").get(pk=latest[0])


def days_in_doubt(analysis: AnalysisSession) -> list[dict]:
    """Return the stretches that may be missing: one that its profile names, and one that it does not.

    ``is_before`` tells of each whether it begins before the log does.
    """
    own = (analysis.profile or {}).get("silence")
    between = find_doubt(analysis.days_between or [], closed=analysis.closed_days or [])
    return [
        each | {"is_before": each["first"] < analysis.import_report["first_at"][:10]}
        for each in (own, between)
        if each
    ]


def without_outdone(told: list[tuple]) -> list[tuple]:
    """Return rows (pk, when sent, its end, whether that is in doubt) without those in doubt after which
    one without doubt was sent.
    """
    sure = max((sent for _, sent, _, in_doubt in told if not in_doubt), default=None)
    return [each for each in told if not (each[3] and sure and each[1] < sure)]


def analysis_of_dataset(company: Company, name: str) -> AnalysisSession | None:
    """Return the log of `company` whose stored file programs know by the UUID `name`."""
    try:
        known_as = UUID(name)
    except ValueError:
        return None
    return analyses_of(company).filter(dataset__uuid=known_as).first()


def matrices_of(analysis: AnalysisSession) -> QuerySet[FeatureMatrix]:
    """Return the feature matrices of a log, latest first, without what their pages do not show of it."""
    rows = analysis.matrices.select_related("dataset", "job", "account", "analysis__company")
    return rows.defer("analysis__profile", "analysis__preview")


def status_of(analysis: AnalysisSession) -> str:
    """Return how a log stands in the words of the V2 API: uploaded, processing, ready or error."""
    matrix = _latest_matrix(analysis)
    if analysis.has_failed or (matrix and matrix.has_failed):
        return "error"
    if analysis.is_being_read or (matrix and matrix.is_being_computed):
        return "processing"
    if matrix and matrix.is_ready:
        return "ready"
    return "uploaded"


def status_of_features(matrix: FeatureMatrix) -> str:
    """Return how the features of a log stand in the same words; they are never uploaded."""
    if matrix.is_ready:
        return "ready"
    return "error" if matrix.has_failed else "processing"


def why_it_failed(analysis: AnalysisSession) -> dict | None:
    """Return code and message of what went wrong where `status_of` says error, else None."""
    if status_of(analysis) != "error":
        return None
    job = analysis.job if analysis.has_failed else _latest_matrix(analysis).job
    if job and job.error:
        return {"code": job.error["code"], "message": job.error["message"]}
    return {"code": "cancelled", "message": "It was cancelled. Process it again."}


@once_per_page
def _latest_matrix(analysis: AnalysisSession) -> FeatureMatrix | None:
    if hasattr(analysis, "latest_matrices"):
        return next(iter(analysis.latest_matrices), None)
    return analysis.matrices.order_by("-created_at").select_related("job").first()
