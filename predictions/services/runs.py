"""Starting a prediction: the file is checked, then the run and its job appear together, or nothing does."""

import uuid
from datetime import datetime

from django.core.files.base import File
from django.db import transaction

from companies.access import Member
from core.errors import DomainError, NotFound
from jobs.selectors import job_of_key
from jobs.services import enqueue
from ml.schemas import FeatureSchema
from predictions import files
from predictions.models import Prediction
from registry.artefacts import load_manifest
from registry.models import ModelVersion
from registry.schemas import table_schema
from registry.selectors import deployment_of, versions_for
from registry.uploads import (
    REFUSE,
    WaitingUpload,
    move_with_companions,
    remove_with_companions,
    take_in_table,
    what_was_read,
)

TASK = "predictions.score"


class VersionNotOffered(NotFound):
    code = "no-such-model"


class NameMissing(DomainError):
    code = "name-missing"


def start_prediction(
    *,
    member: Member,
    name: str,
    version: ModelVersion,
    upload: File | WaitingUpload | str,
    bad_rows: str = REFUSE,
    idempotency_key: str | None = None,
    at: datetime,
) -> Prediction:
    """Check a file and, where it can be read, queue it to be scored with `version`.

    Parameters
    ----------
    member
        Who asks: the run belongs to this developer or user.
    name
        What people find it by in the history; need not be unique.
    version
        One of those that the registry offers this member.
    upload
        What came with a form, or an upload that an earlier refusal kept, by itself or by its token. It is
        never left behind, except where the refusal says under which token it is kept for an hour.
    bad_rows
        ``"refuse"`` the file for a single row that cannot be read, or ``"leave_out"`` such rows.
    idempotency_key
        Sent twice by the same member, the first run comes back and the second file is dropped unread.
    at
        Aware UTC instant of the request.

    Raises
    ------
    FileRefused
        With kind, line and column of the first mistake and how many rows have one.
    VersionNotOffered
        The version does not exist, or not for this member.
    UploadIsGone
        The hour of a kept upload is over.
    """
    key = f"{member.account.pk}:{idempotency_key}" if idempotency_key else None
    # Before anything else: a kept upload is gone once its run has begun, and a second check takes minutes.
    if earlier := job_of_key(key, company=member.company, task=TASK):
        if isinstance(upload, WaitingUpload):
            upload.remove()
        return earlier.prediction
    name = " ".join(name.split())
    if not name or len(name) > 255:
        raise NameMissing("Give the prediction a name of at most 255 signs.", field="name")
    if not versions_for(member).filter(pk=version.pk).exists():
        raise VersionNotOffered("There is no such model. Choose one of the list.", field="model")

    schema = _table_schema(version)
    waiting, report = take_in_table(
        upload, member=member, schema=schema, purpose="predict", bad_rows=bad_rows
    )
    relative = files.new_upload(member.portal, member.company.pk, report.spec.format)
    stored = files.absolute(relative)
    try:
        move_with_companions(waiting.path, stored)
        with transaction.atomic():
            prediction, is_new = _create_once(
                member=member,
                version=version,
                key=key,
                at=at,
                prediction_name=name,
                original_filename=waiting.name,
                upload_dataset_path=relative,
                input_data={**what_was_read(report), "schema": schema.to_dict()},
            )
    except BaseException:
        waiting.remove()
        remove_with_companions(stored)
        raise
    if not is_new:
        remove_with_companions(stored)
    return prediction


def _table_schema(version):
    manifest = load_manifest(version)
    features = FeatureSchema.from_dict(manifest["schema"])
    return table_schema(features, purpose="predict", observed=manifest["observed"])


def _create_once(*, member, version, key, at, **fields):
    public_id = uuid.uuid4()
    job = enqueue(
        task=TASK,
        title=fields["prediction_name"],
        company=member.company,
        account=member.account,
        payload={"prediction": str(public_id)},
        idempotency_key=key,
        at=at,
    )
    # The job of an earlier send comes with its prediction: both were committed together.
    return Prediction.objects.get_or_create(
        job=job,
        defaults={
            **fields,
            member.role: member.row,
            "uuid": public_id,
            "company": member.company,
            "model": version,
            "deployment": deployment_of(version, member.company),
            "created_at": at,
        },
    )
