"""From whom the version of a prediction learned, for the child that holds promises against outcomes."""

from datetime import datetime

from core.files.media import readable_path
from predictions.models import Prediction
from registry.engines.learned import LearnedTable
from registry.engines.tables import stored_table
from registry.services.datasets import held_out_beside
from registry.services.opening import load_manifest


def learned_table(prediction: Prediction, *, at: datetime) -> LearnedTable | None:
    """Return the table that the version learned from; None where the file has no outcomes, or nobody knows.

    Customers without ids are not found again, and what was trained elsewhere brought no table.
    """
    base, dataset = prediction.population, prediction.model.training_dataset
    has_outcomes = base.features.label.name in prediction.input_data["spec"]["positions"]
    if not has_outcomes or not base.has_ids or dataset is None:
        return None
    manifest = load_manifest(prediction.model, at=at)
    split, seed = manifest.get("split", {}), manifest.get("seeds", {}).get("training")
    if "imported" in manifest or seed is None or "train_rows" not in split:
        return None
    held_out = split.get("held_out_sha256")
    return LearnedTable(
        path=str(readable_path(dataset.file_path)),
        sha256=dataset.sha256,
        schema=stored_table(base.features, base.reading).to_dict(),
        rows=split["train_rows"] + split["test_rows"] + split.get("twins_left_out", 0),
        seed=seed,
        held_out_path=str(readable_path(held_out_beside(dataset.file_path))) if held_out else None,
        held_out_sha256=held_out,
    )
