"""From a stored file to an exported model: what seeding and rebuilding have in common."""

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from django.conf import settings

from core.errors import Unprocessable
from core.files.drafts import drafts_in
from intake.services.waiting import waiting_room
from ml.exchange.export import ExportedModel, export_model
from ml.learning.training import train_model
from ml.matrix.schemas import FeatureSchema
from registry.engines.frames import read_customers
from registry.engines.tables import stored_table
from registry.services.datasets import CheckedFile
from tabular.errors import TableError
from tabular.snapshots.check import check_table_in_child


class TableRefused(Unprocessable):
    """The file is not what a model can learn from; kind, line and column stand in `extra`."""

    code = "table-refused"

    def __init__(self, error: TableError):
        super().__init__(error.message, extra=error.as_dict())


class CannotLearn(Unprocessable):
    code = "cannot-learn"


@dataclass(frozen=True)
class TrainingTable:
    """The rows of a checked file that a model learns from."""

    checked: CheckedFile
    frame: pd.DataFrame


def read_table(
    path: Path, *, schema: FeatureSchema, reading: dict | None = None, filename: str | None = None
) -> TrainingTable:
    """Check the file at `path` as one to learn from, and read it.

    Parameters
    ----------
    reading
        How the tables of a company's own are written, of which the file is a stored one; None where files are
        as `schema` says.
    filename
        What its owner calls it, where `path` is a stored copy.

    Raises
    ------
    TableRefused
        It is not: the sentence says where and why.
    """
    columns = stored_table(schema, reading)
    # The check puts copies beside the file that it reads, and nobody may change the file under it.
    with tempfile.TemporaryDirectory(dir=drafts_in(waiting_room())) as folder:
        copy = Path(folder) / "table"
        shutil.copyfile(path, copy)
        try:
            report = check_table_in_child(
                copy,
                columns,
                purpose="train",
                max_bytes=settings.UPLOAD_MAX_MB * 1024 * 1024,
                memory_bytes=settings.UPLOAD_MEMORY_MB * 1024 * 1024,
                seconds=settings.UPLOAD_SECONDS,
            )
            frame = read_customers(copy, report.spec, columns).frame
        except TableError as error:
            raise TableRefused(error) from error
    return TrainingTable(
        checked=CheckedFile(
            path=Path(path),
            filename=filename or Path(path).name,
            sha256=report.spec.sha256,
            size_bytes=report.spec.size,
            row_count=len(frame),
            churn_count=int((frame[schema.label.name] == schema.label.values[-1]).sum()),
        ),
        frame=frame,
    )


def learn_and_export(
    frame: pd.DataFrame,
    *,
    model_type: str,
    params: dict,
    schema: FeatureSchema,
    slices: Sequence[str] = (),
) -> tuple[ExportedModel, float]:
    """Train one model on `frame` and return what is written to disk, and the seconds it took.

    Raises
    ------
    CannotLearn
        Too few customers of one outcome, or parameters that this type does not have.
    """
    try:
        trained = train_model(frame, schema=schema, model_type=model_type, params=params, slices=slices)
        return export_model(trained, schema), trained.seconds
    except ValueError as error:
        raise CannotLearn(str(error)) from error
