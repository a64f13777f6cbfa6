"""All model types: whatever room stands beside this file."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import MappingProxyType

from ml.model_types.common.model_type import ModelType


def _rooms():
    for module in iter_modules([str(Path(__file__).parent)]):
        if not module.ispkg and module.name != Path(__file__).stem:
            yield import_module(f"{__package__}.{module.name}").MODEL_TYPE


MODEL_TYPES: Mapping[str, ModelType] = MappingProxyType(
    {found.slug: found for found in sorted(_rooms(), key=lambda found: found.order)}
)


def type_of(model) -> ModelType:
    """Return the type that an estimator is of.

    Parameters
    ----------
    model : estimator

    Returns
    -------
    ModelType

    Raises
    ------
    ValueError
        It is of none.
    """
    found = next((found for found in MODEL_TYPES.values() if found.made(model)), None)
    if found is None:
        raise ValueError(f"{type(model).__name__} is no estimator of a known model type.")
    return found


def is_linear(model) -> bool:
    """Say whether an estimator adds up one weight per encoded column, whatever it is called.

    Parameters
    ----------
    model : estimator

    Returns
    -------
    bool

    Examples
    --------
    >>> from sklearn.neural_network import MLPClassifier
    >>> is_linear(MLPClassifier(activation="identity")), is_linear(MLPClassifier(activation="relu"))
    (True, False)
    """
    return type_of(model).is_linear(model)
