"""Learning in a child process of limited size, which tells why it could not and leaves a model as files."""

from django.conf import settings

from core.errors import DomainError
from core.faults import FilesAway
from jobs.runner import JobRun
from sandbox.child import ChildRefused, run_in_child


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
        The data teaches nothing.
    core.faults.FilesAway
        A stored file cannot be read now.
    jobs.runner.TookTooMuch
        Learning took more memory or time than a job may take.
    jobs.services.JobCancelled, jobs.services.LeaseLost
        As `JobRun.check`: the child was stopped.
    """
    try:
        found = run.in_child(
            run_in_child,
            engine,
            arguments,
            memory_mb=settings.TRAINING_MEMORY_MB,
            what="Learning from these customers",
            advice="Learn from fewer customers, or ask the operator to allow more.",
        )
    except ChildRefused as refused:
        raise RetrainingFailed(refused.refusal["message"], code=refused.refusal["kind"]) from refused
    if "unreachable" in found:
        raise FilesAway
    if "refusal" in found:
        raise RetrainingFailed(found["refusal"], code="cannot-learn")
    return found
