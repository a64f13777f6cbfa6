"""How the second API calls the states of a training; there may be none yet."""

from jobs.models import Job

State = Job.State

NOTHING_YET = "not_started"

TRAINING_STATUS = {
    State.WAITING: "training",
    State.QUEUED: "training",
    State.RUNNING: "training",
    State.SUCCEEDED: "completed",
    State.FAILED: "failed",
    # The word for a run that left nothing; the message beside it says that somebody cancelled it.
    State.CANCELLED: "failed",
}


def training_status(job: Job | None) -> str:
    return TRAINING_STATUS[job.state] if job else NOTHING_YET
