"""Tables as a spreadsheet may open them: no cell in which it would see a formula."""

import shutil
import tempfile
from pathlib import Path
from typing import BinaryIO

from django.conf import settings

from core.errors import Conflict, NotFound
from core.files.media import media_exists, readable_path
from intake.limits import upload_limit
from intake.services.waiting import COMPANIONS, waiting_room
from registry.engines.tables import customers_table, stored_table
from registry.models import Dataset
from tabular.errors import TableError
from tabular.snapshots.check import check_table_in_child
from tabular.snapshots.write import ResultWriter
from tabular.source.read import iter_batches
from tabular.source.spec import ParseSpec
from training.models import TrainingRun


class TableIsGone(NotFound):
    code = "table-is-gone"


class TableHasChanged(Conflict):
    code = "table-has-changed"


def open_safe_copy(dataset: Dataset) -> BinaryIO:
    """Return the rows of `dataset` that were read, as an open CSV file that is gone once it is closed.

    A cell that a spreadsheet would run has an apostrophe before it; everything else is what was stored.

    Raises
    ------
    TableIsGone
        The stored file is not there.
    TableHasChanged
        It is no longer the table that was registered.
    """
    if not media_exists(dataset.file_path):
        raise TableIsGone("The stored file is gone. Ask the operator of this installation to put it back.")
    schema = _schema(dataset)
    # Reading may put files beside the one that is read, and nobody may change it meanwhile.
    with tempfile.TemporaryDirectory(dir=waiting_room()) as folder:
        copy, safe = Path(folder) / "table", Path(folder) / "safe.csv"
        for suffix in ("", *COMPANIONS):
            if media_exists(f"{dataset.file_path}{suffix}"):
                shutil.copyfile(readable_path(f"{dataset.file_path}{suffix}"), f"{copy}{suffix}")
        try:
            spec = _spec(dataset, copy, schema)
            with ResultWriter(safe, spec, ()) as writer:
                for batch in iter_batches(copy, spec, schema, verify=True):
                    writer.write(batch, {})
        except TableError as error:
            raise TableHasChanged(
                f"{dataset} cannot be read as it was registered. {error.message} "
                "Ask the operator of this installation to put the file back."
            ) from error
        return safe.open("rb")


def _schema(dataset):
    """Return how a data set is read: an upload as its owner writes, what was combined as this house does."""
    base = dataset.population
    if dataset.is_combined:
        return stored_table(base.features, base.reading)
    return customers_table(base.features, base.reading, purpose="train")


def _spec(dataset, copy, schema):
    run = TrainingRun.objects.filter(upload_dataset=dataset).first()
    if run:
        # Read as the retraining read it: rows that it left out stay out.
        return ParseSpec.from_dict(run.input_data["spec"])
    report = check_table_in_child(
        copy,
        schema,
        purpose="train",
        # What was combined may be larger than a single upload.
        max_bytes=max(upload_limit(), copy.stat().st_size),
        memory_bytes=settings.UPLOAD_MEMORY_MB * 1024 * 1024,
        seconds=settings.UPLOAD_SECONDS,
    )
    if report.spec.sha256 != dataset.sha256:
        raise TableError(
            "type_mismatch", "The stored file is not the registered one. Ask the operator to put it back."
        )
    return report.spec
