"""What the pages cost that everybody opens: how often they ask the database, and what they leave there."""

import pytest
from django.db import connection

from jobs.models import Job
from jobs.tests.factories import JobFactory
from predictions.tests.factories import PredictionFactory
from registry.services.deployments import deploy_version
from registry.tests.factories import NOON, DatasetFactory, ModelMetricsFactory, ModelVersionFactory
from training.models import TrainingRun

pytestmark = pytest.mark.django_db

RESULT = {
    "rows": 150, "churners": 40, "threshold": 0.5, "expected_named": 27.0, "policy": "segments_v2",
    "tiers": {"Low": 60, "Medium": 50, "High": 30, "Critical": 10}, "revenue_at_risk": None,
    "histogram": [], "features": [],
}  # fmt: skip


@pytest.fixture
def five_results(default_versions, developer):
    model = default_versions["neural_network"]
    for _ in range(5):
        PredictionFactory(
            by_developer=True,
            developer=developer.developer,
            model=model,
            job__state=Job.State.SUCCEEDED,
            result=RESULT,
        )


def asked_by(client, path):
    """Return the statements by which a page is made, once everything is loaded that stays."""
    client.get(path)
    statements = []

    def note(execute, sql, *rest):
        statements.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(note):
        answer = client.get(path)
    assert answer.status_code == 200
    return statements


@pytest.mark.parametrize(
    ("role", "path", "most"),
    [
        ("user", "/user/", 11),
        ("user", "/user/predict/", 12),
        ("user", "/user/models/", 10),
        ("developer", "/dev/", 18),
        ("developer", "/dev/predict/", 12),
        ("developer", "/dev/models/", 12),
        ("developer", "/api/v1/prediction-runs", 9),
        ("developer", "/api/v1/deployments", 9),
    ],
)
def test_a_page_asks_so_often_and_reads_no_figures_that_it_does_not_show(
    five_results, as_user, as_developer, role, path, most
):
    statements = asked_by({"user": as_user, "developer": as_developer}[role], path)

    assert len(statements) <= most, "\n".join(f"{len(sql):6} {sql[:150]}" for sql in statements)
    figures = [sql for sql in statements if '"additional_metrics"' in sql.replace("`", '"')]
    assert all("JSON_REMOVE" in sql for sql in figures)
    assert len({sql for sql in statements}) == len(statements)


DOCUMENTS = {"combination", "comparison", "profile", "report", "result"}
# Of a log, what became of its rows is told of each job.
OF_ROWS = {"import_report", "preview"}


# Programs are told of each retraining who was combined.
TOLD = {"/api/v1/retrainings": {"combination"}}


@pytest.fixture
def retrained(default_versions, developer):
    """A retraining that is done, as lists have it."""
    company, version = developer.developer.company, ModelVersionFactory(company=developer.developer.company)
    ModelMetricsFactory(model=version)
    table = DatasetFactory(company=company, is_uploaded=True)
    TrainingRun.objects.create(
        kind="CUSTOMERS", company=company, population=version.population, developer=developer.developer,
        job=JobFactory(company=company), model_type=version.model_type, version=version, upload_dataset=table,
        number=1, input_data={}, combination={}, comparison={},
    )  # fmt: skip


def test_lists_fetch_no_document_of_their_rows(
    five_results, retrained, default_versions, developer, as_operator, as_developer
):
    """Each fills a page, and a list shows a hundred rows."""
    champion = {"version": default_versions["neural_network"], "company": developer.developer.company}
    deploy_version(**champion, by=developer, reason="It finds more.", at=NOON)
    logs = ("transactions/analysissession", "transactions/featurematrix")
    figures = ("registry/modelversion", "registry/modelmetrics")
    kinds = ("predictions/prediction", "training/trainingrun", *figures, *logs)
    lists = [(as_operator, f"/admin/{kind}/") for kind in kinds]
    own = ("/api/v1/jobs", "/api/v1/retrainings", "/api/v1/datasets", "/dev/retrainings/", "/dev/datasets/")
    lists += [(as_developer, path) for path in own]

    for client, path in ((as_operator, "/admin/"), *lists):
        statements = [sql.replace("`", '"') for sql in asked_by(client, path)]
        unread = (DOCUMENTS if client is as_developer else DOCUMENTS | OF_ROWS) - TOLD.get(path, set())
        assert not [sql for sql in statements if any(f'."{name}"' in sql for name in unread)], path
        figures = [sql for sql in statements if '"additional_metrics"' in sql]
        assert all("JSON_REMOVE" in sql for sql in figures), path
