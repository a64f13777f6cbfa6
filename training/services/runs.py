"""What is the same for every training: who may ask for one, and where its worker works."""

import tempfile
from pathlib import Path

from django.conf import settings

from companies.identity import Member
from core.errors import Forbidden
from core.files.drafts import drafts_in
from training.models import TrainingRun


class OnlyDevelopers(Forbidden):
    code = "only-developers"


def refuse_others(member: Member) -> None:
    """Raise `OnlyDevelopers` unless `member` may train the models of the company."""
    if not member.is_developer:
        raise OnlyDevelopers(f"Only the developer of {member.company} trains its models. Ask them.")


def work_folder() -> Path:
    """Return where workers have their rooms; a sweeper removes those that a killed one left."""
    return Path(settings.STATE_DIR) / "training"


def room_for(training: TrainingRun) -> tempfile.TemporaryDirectory:
    """Return a folder of this machine for what `training` writes before anything of it is kept."""
    work_folder().mkdir(parents=True, exist_ok=True)
    return tempfile.TemporaryDirectory(dir=drafts_in(work_folder()), prefix=f"{training.uuid}-")
