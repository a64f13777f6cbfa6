"""Learning and scoring: schemas, estimators, training, metrics, export, serving. No Django, no files, no companies."""
