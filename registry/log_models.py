"""Asking for a type of model that purchase logs are learned with, to train it or to score by it."""

from core.errors import DomainError
from ml.logs.log_models import check_type


class UnknownModelType(DomainError):
    code = "unknown-model-type"


def read_model_type(value: object) -> str:
    """Return the type that was asked for, the first of `ml.logs.log_models.TYPES` where none was.

    Raises
    ------
    UnknownModelType
        Logs are not learned with it.
    """
    try:
        return check_type(value)
    except ValueError as error:
        raise UnknownModelType(str(error), field="model_type") from error
