"""Learning and scoring: schemas, estimators, training, metrics, export, serving. Knows no Django."""
