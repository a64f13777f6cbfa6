"""The words that older interfaces use for the state of a job. One table of jobs, one translation each.

`TRAINING_STATUS` answers about an organisation's latest training, where there may be none yet. `TRAINING_JOB`
is the row of a training job, `TRAINING_PROGRESS` what the programs that poll one are told.
"""

from jobs.models import Job

State = Job.State

NOTHING_YET = "not_started"

TRAINING_STATUS = {
    State.QUEUED: "training",
    State.RUNNING: "training",
    State.SUCCEEDED: "completed",
    State.FAILED: "failed",
    # The word for a run that left nothing; the message beside it says that somebody cancelled it.
    State.CANCELLED: "failed",
}
TRAINING_JOB = {
    State.QUEUED: "pending",
    State.RUNNING: "running",
    State.SUCCEEDED: "completed",
    State.FAILED: "failed",
    State.CANCELLED: "failed",
}
TRAINING_PROGRESS = {
    State.QUEUED: "started",
    State.RUNNING: "in_progress",
    State.SUCCEEDED: "completed",
    State.FAILED: "failed",
    State.CANCELLED: "failed",
}


def training_status(job: Job | None) -> str:
    return TRAINING_STATUS[job.state] if job else NOTHING_YET
