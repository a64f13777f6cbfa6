"""From a stored file to an exported model: what seeding and retraining have in common."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from core.errors import Unprocessable
from ml.export import ExportedModel, export_model
from ml.schemas import TELCO_V1, FeatureSchema
from ml.training import train_model
from registry.services.datasets import CheckedFile


class CannotLearn(Unprocessable):
    code = "cannot-learn"


@dataclass(frozen=True)
class TrainingTable:
    """The rows of a checked file that a model learns from."""

    checked: CheckedFile
    frame: pd.DataFrame


def learn(
    frame: pd.DataFrame, *, model_type: str, params: dict, schema: FeatureSchema = TELCO_V1
) -> tuple[ExportedModel, float]:
    """Train one model on `frame` and return what is written to disk, and the seconds it took.

    Raises
    ------
    CannotLearn
        Too few customers of one outcome, or parameters that this type does not have.
    """
    try:
        trained = train_model(frame, schema=schema, model_type=model_type, params=params)
        return export_model(trained, schema), trained.seconds
    except ValueError as error:
        raise CannotLearn(str(error)) from error


def read_table(path: Path, *, filename: str | None = None) -> TrainingTable:
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    import hashlib

    return TrainingTable(
        CheckedFile(
            path,
            filename or path.name,
            hashlib.sha256(path.read_bytes()).hexdigest(),
            path.stat().st_size,
            len(frame),
            int((frame["Churn"] == "Yes").sum()),
            "telco_v1",
        ),
        frame,
    )
