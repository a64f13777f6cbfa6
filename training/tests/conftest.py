from training.tests.uploads import labelled, retrained, retraining  # noqa: F401
