"""Pipelines that were fitted elsewhere: what is opened, what is converted, and how exactly."""

import json
import zipfile
from warnings import catch_warnings, simplefilter

import numpy as np
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier
from skops.io import dump

from ml.exchange.foreign import export_foreign, read_pipeline, serve
from ml.exchange.skops_files import open_skops
from ml.matrix.frames import clean_frame, read_labels
from ml.matrix.telco import TELCO_V1
from ml.samples.dataset_a import make_dataset_a
from ml.serving.calibration import Calibrator
from ml.serving.scoring import Scorer

WORDS = ["Contract", "InternetService", "PaymentMethod"]
NUMBERS = ["tenure", "MonthlyCharges"]


@pytest.fixture(scope="module")
def table():
    return make_dataset_a(rows=400, seed=11)


@pytest.fixture(scope="module")
def customers(table):
    return clean_frame(table, TELCO_V1), read_labels(table, TELCO_V1)


@pytest.fixture(scope="module")
def fit(table):
    """Return a function that fits a pipeline as somebody else would: other columns, in another order."""

    def fit(classifier, *, scaler=None, encoder=None, words=WORDS, outcomes="Churn", more=()):
        columns = ColumnTransformer(
            [
                ("n", scaler or StandardScaler(), NUMBERS),
                ("w", encoder or OneHotEncoder(), list(words)),
                *more,
            ]
        )
        with catch_warnings():
            simplefilter("ignore")
            return Pipeline([("prepare", columns), ("classify", classifier)]).fit(table, table[outcomes])

    return fit


@pytest.fixture
def saved(tmp_path):
    """Return a function that saves a pipeline, opens it again and reads it."""

    def saved(pipeline):
        path = tmp_path / "pipeline.skops"
        dump(pipeline, path)
        return read_pipeline(open_skops(path), TELCO_V1)

    return saved


def nested(last):
    return Pipeline([("fill", SimpleImputer(strategy="most_frequent")), ("last", last)])


def scorer_of(foreign, calibrator=None):
    serving, graph = serve(foreign)
    manifest = {
        "schema": TELCO_V1.to_dict(),
        "calibrator": (calibrator or Calibrator("none")).to_dict(),
        "threshold": 0.5,
        "observed": {},
        "golden": [],
        "serving": serving,
    }
    return Scorer(manifest, graph), serving["kind"]


def columns_of(features):
    return {name: features[name].to_numpy() for name in TELCO_V1.features}


@pytest.mark.parametrize(
    ("classifier", "options", "kind"),
    [
        (LogisticRegression(), {"encoder": OneHotEncoder(drop="first")}, "linear"),
        (MLPClassifier((4, 3), activation="identity", max_iter=30), {"scaler": MinMaxScaler()}, "linear"),
        (MLPClassifier((4,), solver="sgd", max_iter=30), {"encoder": nested(OneHotEncoder())}, "onnx"),
        (RandomForestClassifier(5, max_depth=5, random_state=0), {"scaler": "passthrough"}, "onnx"),
        (GradientBoostingClassifier(n_estimators=5), {"scaler": nested(MinMaxScaler())}, "onnx"),
        (DecisionTreeClassifier(max_depth=6, random_state=0), {}, "onnx"),
    ],
    ids=["logistic", "identity", "network", "forest", "boosting", "tree"],
)
def test_what_was_converted_says_what_scikit_learn_says(
    saved, fit, table, customers, classifier, options, kind
):
    pipeline = fit(classifier, **options)

    scorer, way = scorer_of(saved(pipeline))

    expected = pipeline.predict_proba(table)[:, 1]
    assert scorer.score_batch(columns_of(customers[0])) == pytest.approx(expected, abs=1e-5)
    assert way == kind


def test_a_machine_without_probabilities_is_calibrated_on_half_of_the_customers(saved, fit, table, customers):
    pipeline = fit(SVC(), more=[("s", "passthrough", ["SeniorCitizen"])])

    exported = export_foreign(saved(pipeline), *customers, source={"file": "x"})

    scorer = Scorer(exported.manifest, exported.onnx)
    decision = 1 / (1 + np.exp(-pipeline.decision_function(table)))
    expected = scorer.calibrator.apply(decision)
    assert scorer.calibrator.method == "sigmoid"
    assert scorer.score_batch(columns_of(customers[0])) == pytest.approx(expected, abs=1e-5)
    assert exported.manifest["imported"] == {
        "file": "x", "tried_on": 200, "calibrated_on": 200, "compared": 0,
    }  # fmt: skip
    assert exported.manifest["metrics"]["rows"] == 200
    assert exported.pipeline_pickle is None
    json.dumps(exported.manifest, allow_nan=False)


def test_a_category_that_it_never_met_takes_part_in_no_column(saved, fit, customers):
    # The encoder was told to refuse what it does not know; here that counts for nothing, as everywhere.
    foreign = saved(fit(LogisticRegression()))
    strange = customers[0].head(1).assign(Contract="")

    found = scorer_of(foreign)[0].score_record(strange.to_dict("records")[0])

    assert found == pytest.approx(foreign.score(strange)[0], abs=1e-5)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (
            lambda fit: fit(LogisticRegression(), words=["Contract", "gender"]),
            "It reads gender, which telco_v1",
        ),
        (lambda fit: fit(LogisticRegression())[0], "Pipeline of two steps"),
        (lambda fit: fit(LogisticRegression(), outcomes="Contract"), "they must be two"),
        (lambda fit: fit(SVC(kernel="poly")), "another kernel than rbf or linear"),
        (lambda fit: fit(LogisticRegression(), scaler=MinMaxScaler(clip=True)), "clips"),
        (lambda fit: fit(LogisticRegression(), encoder=OneHotEncoder(min_frequency=20)), "rare categories"),
        (
            lambda fit: fit(GradientBoostingClassifier(n_estimators=2, loss="exponential")),
            "ExponentialLoss, which Churn Buster does not know",
        ),
        (lambda fit: fit(SGDClassifier(loss="log_loss")), "SGDClassifier, which Churn Buster does not know"),
    ],
)
def test_what_cannot_be_converted_is_refused(saved, fit, make, sentence):
    with pytest.raises(ValueError, match=sentence):
        saved(make(fit))


def test_a_category_that_the_schema_does_not_know_is_refused(saved, fit, table):
    other = table.assign(Contract=table["Contract"].replace("Two year", "Three years"))
    pipeline = fit(LogisticRegression())
    pipeline.fit(other, other["Churn"])

    with pytest.raises(ValueError, match="It knows Contract as 'Three years'"):
        saved(pipeline)


# --- The file --------------------------------------------------------------------------------------------


@pytest.fixture
def rewritten(fit, tmp_path):
    """Return a function that saves a pipeline and puts one more object into its table of contents by hand."""

    def rewritten(**node):
        source, target = tmp_path / "source.skops", tmp_path / "made.skops"
        dump(fit(LogisticRegression()), source)
        with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
            for member in old.namelist():
                payload = old.read(member)
                if member == "schema.json":
                    payload = json.dumps(json.loads(payload) | {"extra": [node]})
                new.writestr(member, payload)
        return target

    return rewritten


@pytest.mark.parametrize(
    ("loader", "module", "name"),
    [
        ("FunctionNode", "os", "mkdir"),
        ("ObjectNode", "subprocess", "Popen"),
        ("TypeNode", "os", "system"),
        # Names that are trusted, made in another way than they are trusted for.
        ("OperatorFuncNode", "builtins", "dict"),
        ("MethodNode", "sklearn.pipeline", "Pipeline"),
        ("PartialNode", "numpy", "ndarray"),
        ("RandomGeneratorNode", "numpy.random.mtrand", "RandomState"),
    ],
)
def test_what_is_not_on_the_list_is_refused_by_name(rewritten, loader, module, name):
    path = rewritten(__loader__=loader, __module__=module, __class__=name, content={})

    with pytest.raises(ValueError, match=f"It holds {module}.{name}, which Churn Buster does not know"):
        open_skops(path)


@pytest.mark.parametrize(
    ("members", "sentence"),
    [
        ({"other.json": b"{}"}, "there is no schema.json"),
        ({"schema.json": b"{}"}, "names no object"),
        ({"schema.json": b"[" * 200_000}, "is no skops file"),
        ({"schema.json": b'{"__loader__": "ObjectNode"}', "model.bin": b""}, "does not belong"),
        ({"schema.json": b'{"__loader__": "ObjectNode"}', "0.npy": bytes(401 << 20)}, "inflates to more"),
    ],
    ids=["no contents", "no object", "nested without end", "another part", "inflates"],
)
def test_what_is_no_skops_file_is_refused(tmp_path, members, sentence):
    path = tmp_path / "made.skops"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, payload in members.items():
            archive.writestr(name, payload)

    with pytest.raises(ValueError, match=sentence):
        open_skops(path)
