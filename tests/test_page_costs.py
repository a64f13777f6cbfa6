"""What the pages cost that everybody opens: how often they ask the database, and what they leave there."""

import pytest
from django.db import connection

from jobs.models import Job
from predictions.tests.factories import PredictionFactory

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
        ("user", "/user/", 10),
        ("user", "/user/predict/", 12),
        ("user", "/user/models/", 10),
        ("developer", "/dev/", 17),
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
