"""What `manage.py check --deploy` says about this machine: who else can read what is kept."""

import stat
from pathlib import Path

from django.conf import settings
from django.core.checks import Tags, Warning, register

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


@register(Tags.security, deploy=True)
def check_who_can_read(app_configs, **kwargs):
    """Name each place that other accounts of the machine can read: all of it holds data of customers."""
    return [
        Warning(
            f"Other accounts of this machine can read {path}, where {what}.",
            hint=f"Close it: chmod go-rwx {path}",
            id="core.W001",
        )
        for path, what in _places().items()
        if path.exists() and path.stat().st_mode & _OTHERS
    ]


def _places():
    places = {
        settings.STATE_DIR: "the secret key lies",
        settings.MEDIA_ROOT: "data sets, models and results lie",
        settings.FILE_UPLOAD_TEMP_DIR: "uploads wait",
        settings.EMAIL_FILE_PATH: "mails with secret links lie",
        settings.CELERY_BROKER_FOLDER: "messages to workers lie",
    }
    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        places[database["NAME"]] = "all accounts and figures are"
    return {Path(path): what for path, what in places.items()}
