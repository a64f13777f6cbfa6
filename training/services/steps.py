"""Which steps learning takes, and how many seconds each usually does: from this the whole has a percentage.

Measured on two cores with 7,000 customers, and with a purchase log of 2,500. Only how the steps compare
counts: how fast the machine is, and how much larger the table, each job finds out by itself.
"""

from registry.models import ModelType

Steps = tuple[tuple[str, float], ...]

REBUILDING = "Train and compare"
# What differs most: learning itself, with its calibration and the figures on customers held out.
_TRAIN = {
    "logistic_regression": 5.0,
    "decision_tree": 6.0,
    "random_forest": 14.0,
    "gradient_boosting": 22.0,
    "lightgbm": 10.0,
    "neural_network": 25.0,
}
_LONGEST = max(_TRAIN.values())
# The customers of a log are fewer; its model learns up to six times, at up to four cutoffs.
_TRAIN_OF_LOG = 1.4


def steps_of_retraining(model_type: ModelType, *, compared: int) -> Steps:
    """Return the steps of a training on customers.

    Parameters
    ----------
    compared
        With how many versions the new one is compared.
    """
    return (
        # The child has to start and to load its libraries first.
        ("Combine", 2.0),
        ("Check", 0.3),
        ("Split", 0.1),
        ("Train", _train(model_type)),
        ("Evaluate", 0.4 + 1.2 * compared),
        ("Export", 0.4),
        ("Register", 0.6),
    )


def steps_of_log(model_type: ModelType, *, labels_are_given: bool, has_champion: bool) -> Steps:
    """Return the steps of a training on the features of a purchase log."""
    train = ("Train", _TRAIN_OF_LOG * _train(model_type))
    end = (("Export", 0.5), ("Register", 0.5))
    if labels_are_given:
        return (("Labels", 2.0), ("Features", 2.5), train, *end)
    champion = (("Champion", 2.0),) if has_champion else ()
    # The child has to start and to load its libraries first.
    return (("Churn definition", 3.0), ("Features", 10.0), train, *champion, *end)


def steps_of_preparing() -> Steps:
    """Return the steps before several types are tried on the same customers."""
    return (("Combine", 2.0), ("Check", 0.3), ("Split", 0.1), ("Prepare", 0.3))


def steps_of_trying() -> Steps:
    """Return the one step of trying a type, which says itself how far it is."""
    return (("Try", 10.0),)


def steps_of_rebuilding(model_type: ModelType) -> Steps:
    """Return the one step of a rebuild, which is as long as learning is."""
    return ((REBUILDING, _train(model_type)),)


def _train(model_type):
    return _TRAIN.get(model_type.slug, _LONGEST)
