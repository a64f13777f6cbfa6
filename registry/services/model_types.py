"""The kinds of models that the installation can train, and the parameters it trains them with."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from companies.models import Account
from companies.services.audit import record_event
from core.errors import DomainError, Unprocessable
from ml.model_types.catalogue import MODEL_TYPES
from registry.models import ModelType

# Purchase logs are learned with it unless somebody says otherwise, and with all others where somebody does.
USUAL_LOG_TYPE = "logistic_regression"
LOG_TYPES = (USUAL_LOG_TYPE, *(slug for slug in MODEL_TYPES if slug != USUAL_LOG_TYPE))


def describe_types(slugs: Sequence[str], suggested: str) -> str:
    """Say in one paragraph, for programs, which type is suggested and how long each trains."""
    told = (
        f"{slug}: {MODEL_TYPES[slug].pace}{', suggested for most cases' if slug == suggested else ''}."
        for slug in slugs
    )
    return " ".join(told)


class ParametersRefused(Unprocessable):
    code = "parameters-refused"


class UnknownModelType(DomainError):
    code = "unknown-model-type"


@transaction.atomic
def add_missing_model_types() -> list[ModelType]:
    """Give every type of the catalogue its row, and return the new ones. What an operator changed stays as it
    is.
    """
    known = set(ModelType.objects.values_list("slug", flat=True))
    new = [
        ModelType(
            slug=spec.slug,
            name=spec.name,
            description=spec.description,
            parameters=plain_parameters(spec.default_params),
        )
        for spec in MODEL_TYPES.values()
        if spec.slug not in known
    ]
    # Two installations that start at once on one database both find it empty; the second insert is no error.
    ModelType.objects.bulk_create(new, ignore_conflicts=True)
    return new


def check_parameters(*, slug: str, parameters: dict) -> dict:
    """Return the full, checked set of parameters of a type, ready for JSON.

    Raises
    ------
    ParametersRefused
        A parameter is unknown or breaks its rule; the sentences name every fault.
    """
    if slug not in MODEL_TYPES:
        raise ParametersRefused(
            f"There is no model type {slug!r}. Choose one of: {', '.join(MODEL_TYPES)}.", field="slug"
        )
    if not isinstance(parameters, dict):
        raise ParametersRefused('Write parameters as {"name": value, ...}.', field="parameters")
    try:
        return plain_parameters(MODEL_TYPES[slug].check_params(parameters))
    except ValueError as error:
        raise ParametersRefused(str(error), field="parameters") from error


def describe_parameters(*, slug: str) -> list[tuple[str, str]]:
    """Return each parameter of a type with what it may be, for whoever edits it."""
    return [(rule.name, _allowed(rule)) for rule in MODEL_TYPES[slug].rules] if slug in MODEL_TYPES else []


def _allowed(rule):
    limits = f"from {rule.minimum:g} to {rule.maximum:g}"
    allowed = {
        "choice": f"one of {', '.join(map(str, rule.choices))}",
        "integer": f"a whole number {limits}",
        "integers": f"a list of whole numbers {limits}",
        "number": f"a number {limits}",
    }[rule.kind]
    return ". ".join(filter(None, [allowed, rule.help]))


@transaction.atomic
def change_model_type(
    *, model_type: ModelType, description: str, parameters: dict, by: Account, at: datetime
) -> ModelType:
    """Describe `model_type` and say how it is trained from now on. Versions that exist stay as they were
    trained.

    Raises
    ------
    ParametersRefused
        A parameter is unknown or breaks its rule.
    """
    checked = check_parameters(slug=model_type.slug, parameters=parameters)
    before = ModelType.objects.select_for_update().get(pk=model_type.pk).parameters
    model_type.description, model_type.parameters = description, checked
    model_type.save(update_fields=("description", "parameters"))
    record_event(
        action="model-type-changed", actor=by, subject=model_type.name, at=at, before=before, after=checked
    )
    return model_type


def plain_parameters(parameters) -> dict:
    """Return `parameters` as JSON keeps them, so that what is stored equals what is read back."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in parameters.items()}


def read_model_type(value: object) -> str:
    """Return the type that was asked for, to learn from purchase logs or to score by; else the usual one.

    Raises
    ------
    UnknownModelType
        There is no such type.
    """
    if value in (None, ""):
        return USUAL_LOG_TYPE
    if value not in LOG_TYPES:
        sentence = f"There is no model type “{str(value)[:60]}”. Choose one of: {', '.join(LOG_TYPES)}."
        raise UnknownModelType(sentence, field="model_type")
    return value
