"""Which types of model purchase logs are learned with; for who only asks, without a learning library."""

from __future__ import annotations

# The first one unless somebody says otherwise.
TYPES = ("logistic_regression", "random_forest", "gradient_boosting")


def check_type(value):
    """Return the type that was asked for, the first one where none was.

    Parameters
    ----------
    value : object
        As it was sent; None or empty where nobody asked.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        Logs are not learned with it.

    Examples
    --------
    >>> check_type(None), check_type("random_forest")
    ('logistic_regression', 'random_forest')
    >>> check_type("svm")
    Traceback (most recent call last):
    ...
    ValueError: model_type must be one of logistic_regression, random_forest, gradient_boosting, not “svm”.
    """
    if value in (None, ""):
        return TYPES[0]
    if value not in TYPES:
        raise ValueError(f"model_type must be one of {', '.join(TYPES)}, not “{str(value)[:60]}”.")
    return value
