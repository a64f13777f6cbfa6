"""What becomes of a prediction that is done: it gets another name, or it goes."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from companies.identity import Member
from companies.selectors import done_by
from companies.services.audit import record_event
from companies.services.conditions import refuse_other_name
from core.errors import Conflict, Forbidden, NotFound
from jobs.models import Job
from predictions.models import Prediction
from predictions.selectors import may_change
from predictions.services.runs import read_name


class NotYourPrediction(Forbidden):
    code = "not-your-prediction"


class PredictionIsRunning(Conflict):
    code = "prediction-is-running"


class PredictionIsGone(NotFound):
    code = "prediction-is-gone"


@transaction.atomic
def rename_prediction(*, prediction: Prediction, name: str, by: Member, at: datetime) -> Prediction:
    """Let people find a prediction by another name. Which it had before stays on record.

    Raises
    ------
    NotYourPrediction
        A user renames those of colleagues.
    predictions.services.runs.NameMissing
        There is none, or it is too long.
    """
    refuse_all_but_owners(prediction, by)
    name = read_name(name)
    prediction = Prediction.objects.select_for_update().get(pk=prediction.pk)
    if name == prediction.prediction_name:
        return prediction
    record_event(
        action="prediction-renamed",
        company=by.company,
        actor=by.account,
        subject=name,
        at=at,
        prediction=str(prediction.uuid),
        before=prediction.prediction_name,
    )
    prediction.prediction_name = name
    prediction.save(update_fields=["prediction_name"])
    return prediction


@transaction.atomic
def delete_prediction(*, prediction: Prediction, typed: str, by: Member, at: datetime) -> None:
    """Delete a prediction with its job. Who deleted what stays on record, and so does what a challenger said.

    Its files go with the next sweep that finds them old enough: a result that is compared with it in this
    moment still reads them.

    Parameters
    ----------
    typed
        The name of the prediction, typed to confirm.

    Raises
    ------
    NotYourPrediction
        A user deletes those of colleagues.
    NameDiffers
        `typed` is another name.
    PredictionIsRunning
        Its job has not ended.
    PredictionIsGone
        Another click deleted it in this moment.
    """
    refuse_all_but_owners(prediction, by)
    refuse_other_name(typed, prediction.prediction_name)
    job = Job.objects.select_for_update().filter(pk=prediction.job_id).first()
    if job is None:
        raise _is_gone(prediction)
    if not job.has_ended:
        raise PredictionIsRunning(f"“{prediction}” is still being calculated. Cancel it first.")
    record_event(
        action="prediction-deleted",
        company=by.company,
        actor=by.account,
        subject=prediction.prediction_name,
        at=at,
        prediction=str(prediction.uuid),
        person=str(prediction.account),
        model=str(prediction.model),
        customers=(prediction.input_data or {}).get("accepted"),
    )
    # The row goes with its job. Without that, the same request sent once more would be taken for this one.
    job.delete()


def refuse_deleted(uuid: UUID, member: Member) -> None:
    """Refuse what `member` deleted before, by the name that it had.

    Raises
    ------
    PredictionIsGone
    """
    if done := done_by(member.account, "prediction-deleted", prediction=str(uuid)):
        raise _is_gone(done.subject)


def _is_gone(name):
    return PredictionIsGone(f"“{name}” was deleted. Choose another prediction.")


def refuse_all_but_owners(prediction: Prediction, member: Member) -> None:
    """Refuse whoever may read a prediction and not change it.

    Raises
    ------
    NotYourPrediction
    """
    if not may_change(member, prediction):
        raise NotYourPrediction(
            f"{prediction.account} made “{prediction}”. Ask them, or the developer of {member.company}."
        )
