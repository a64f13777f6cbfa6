"""Tables and models that are made once for all tests of this floor."""

from pathlib import Path

import pytest

from ml.exchange.export import export_model
from ml.learning.training import train_model
from ml.matrix.frames import clean_frame, read_labels
from ml.matrix.telco import TELCO_V1
from ml.samples.dataset_a import make_dataset_a

REAL = Path(__file__).resolve().parents[3] / "shared" / "data" / "telco_ibm.csv"
# The settings of the product say the same, which no test of this floor can ask.
DEFAULTS = (
    "neural_network", "random_forest", "gradient_boosting", "decision_tree", "logistic_regression",
)  # fmt: skip


@pytest.fixture(scope="session")
def dataset_a():
    return make_dataset_a()


@pytest.fixture(scope="session")
def small_table():
    return make_dataset_a(rows=1_500, seed=3)


class Models:
    """Trains a model the first time that a test asks for it, in whatever process of this run."""

    def __init__(self, name, table, made_once):
        self.name, self.table, self.made_once = name, table, made_once
        self.known = {}

    def train(self, slug):
        return self._both(slug)[0]

    def export(self, slug):
        return self._both(slug)[1]

    def _both(self, slug):
        if slug not in self.known:
            self.known[slug] = self.made_once(f"{self.name}-{slug}", lambda: self._make(slug))
        return self.known[slug]

    def _make(self, slug):
        # In one go: what was read back from a file is written with other bytes.
        trained = train_model(self.table, schema=TELCO_V1, model_type=slug)
        return trained, export_model(trained, TELCO_V1)


@pytest.fixture(scope="session")
def defaults(dataset_a, made_once):
    return Models("defaults", dataset_a, made_once)


@pytest.fixture(scope="session")
def small_models(small_table, made_once):
    return Models("small", small_table, made_once)


@pytest.fixture(scope="session")
def real_customers():
    if not REAL.exists():
        pytest.skip("../shared/data/telco_ibm.csv is not there: figures on real customers are not checked.")
    import pandas as pd

    table = pd.read_csv(REAL, dtype=str, keep_default_na=False)
    return table, clean_frame(table, TELCO_V1), read_labels(table, TELCO_V1)
