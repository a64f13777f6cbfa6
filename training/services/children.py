"""Learning in a child process of limited size, which tells why it could not and leaves a model as files."""

import json
from pathlib import Path

from django.conf import settings

from core.errors import DomainError
from jobs.runner import JobRun
from sandbox.child import ChildRefused, TooMuchMemory, TooSlow, run_in_child


class RetrainingFailed(DomainError):
    code = "retraining-failed"
    http_status = 422


def learn_in_child(engine: str, arguments: dict, *, run: JobRun) -> dict:
    """Let `engine` learn, within the memory and the time that a job may take, and return what it found.

    Parameters
    ----------
    engine
        ``"package.module:function"`` without Django; it takes `arguments` and ``on_progress``, and answers in
        plain JSON, with ``refusal``, a sentence, where nothing can be learned.

    Raises
    ------
    RetrainingFailed
        The data teaches nothing, or learning took more memory or time than a job may take.
    jobs.services.JobCancelled, jobs.services.LeaseLost
        As `JobRun.check`: the child was stopped.
    """
    try:
        found = run.in_child(run_in_child, engine, arguments, memory_mb=settings.TRAINING_MEMORY_MB)
    except ChildRefused as refused:
        raise RetrainingFailed(refused.refusal["message"], code=refused.refusal["kind"]) from refused
    except TooMuchMemory as limit:
        raise RetrainingFailed(
            f"Learning from these customers takes more than {settings.TRAINING_MEMORY_MB:,} MB of memory. "
            "Retrain with fewer customers, or ask the operator to allow more.",
            code="too_much_memory",
        ) from limit
    except TooSlow as limit:
        raise RetrainingFailed(
            f"Learning took longer than {settings.JOB_MAX_MINUTES} minutes and was stopped. Retrain with "
            "fewer customers, or ask the operator to allow more time.",
            code="too_slow",
        ) from limit
    if "refusal" in found:
        raise RetrainingFailed(found["refusal"], code="cannot-learn")
    return found


def read_exported(folder: Path):
    """Return the `ml.exchange.export.ExportedModel` that a child left in `folder`."""
    # Imported here: it brings the learning libraries, which only whoever registers needs.
    from ml.exchange.export import ExportedModel

    graph = folder / "model.onnx"
    return ExportedModel(
        manifest=json.loads((folder / "manifest.json").read_bytes()),
        onnx=graph.read_bytes() if graph.exists() else None,
        pipeline_pickle=(folder / "pipeline.pkl").read_bytes(),
        metadata=json.loads((folder / "metadata.json").read_bytes()),
    )
