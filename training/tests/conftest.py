from training.tests.own import begin, first_trained, look, trained_again  # noqa: F401
from training.tests.uploads import labelled, pinned_type, retrained, retraining  # noqa: F401
