from training.tests.uploads import labelled, pinned_type, retrained, retraining  # noqa: F401
