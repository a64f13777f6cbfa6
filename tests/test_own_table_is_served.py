"""From a company's own file to scored customers: every type of model serves what it learned."""

import joblib
import numpy as np
import pytest
from django.core.files.base import ContentFile

from companies.identity import membership
from core.files.media import readable_path
from ml.learning.honest_scores import raw_scores
from ml.matrix.frames import clean_frame
from ml.model_types.catalogue import MODEL_TYPES
from ml.serving.calibration import Calibrator
from predictions.engines.results import PROBABILITY
from predictions.models import Prediction
from predictions.selectors import open_table
from predictions.services.runs import start_prediction
from registry.engines.frames import as_pandas
from registry.engines.tables import customers_table
from registry.services.deployments import deploy_version
from registry.services.opening import load_manifest
from registry.tests.factories import NOON
from tabular.snapshots.check import check_table
from tabular.snapshots.frame import load_frame
from training.tests.own import begin, first_trained, gym, look, without  # noqa: F401 - fixtures
from training.tests.uploads import to_csv

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

MEMBERS = 120
# A line and trees; that the graph of every type scores as its pipeline does is asked in `ml`.
REPRESENTATIVES = {"logistic_regression", "lightgbm"}


def strange(table):
    """Blank every cell of some members, and give others what nobody had when it was learned."""
    for place, row in enumerate(table[1:]):
        if place < 10:
            row[1:6] = [""] * 5
        elif place < 30:
            row[1], row[2], row[3] = "Platinum", "01.02.2031", "400"
    return table


def say_again(version, path):
    """Return what scikit-learn says of a file, with the pipeline as it was trained."""
    schema = version.population.features
    table = customers_table(schema, version.population.reading, purpose="predict")
    frame = as_pandas(load_frame(path, check_table(path, table, today=NOON.date()).spec, table))
    pipeline = joblib.load(readable_path(version.file_path))
    calibrator = Calibrator.from_dict(load_manifest(version, at=NOON)["calibrator"])
    return calibrator.apply(raw_scores(pipeline, clean_frame(frame, schema)))


@pytest.mark.filterwarnings("ignore")  # so few customers do not let every fit converge
@pytest.mark.parametrize(
    "slug",
    [
        slug if slug in REPRESENTATIVES else pytest.param(slug, marks=pytest.mark.prove)
        for slug in MODEL_TYPES
    ],
)
def test_a_file_is_scored_as_it_was_learned(slug, first_trained, developer, user, company, do_jobs, tmp_path):  # noqa: F811
    version = first_trained(gym(300), model_type=slug).version
    deploy_version(version=version, company=company, by=developer, reason="It is the first", at=NOON)
    path = tmp_path / "april.csv"
    path.write_bytes(to_csv(without(strange(gym(MEMBERS, seed=7)), "Left")))

    upload = ContentFile(path.read_bytes(), name="april.csv")
    run = start_prediction(member=membership(user), name="April", version=version, upload=upload, at=NOON)
    do_jobs()

    run = Prediction.objects.get(pk=run.pk)
    rows = sorted(open_table(run)[0:MEMBERS], key=lambda row: row["_customer"])
    served, learned = [row[PROBABILITY] for row in rows], say_again(version, path)
    np.testing.assert_allclose(served, learned, atol=1e-5)
    assert run.input_data["unknown_categories"]["Plan"]["rows"] >= 20
    assert len(set(learned.round(6))) > 1
