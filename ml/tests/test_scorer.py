import json
import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.matrix.frames import clean_frame
from ml.matrix.telco import TELCO_V1
from ml.serving.scoring import CHUNK, Scorer

KINDS = ["logistic_regression", "gradient_boosting"]


@pytest.fixture(params=KINDS)
def scorer(request, small_models):
    exported = small_models.export(request.param)
    return Scorer(exported.manifest, exported.onnx)


@pytest.fixture
def records(small_table):
    return clean_frame(small_table, TELCO_V1).head(200).to_dict("records")


def lists(records):
    return {name: [record[name] for record in records] for name in TELCO_V1.features}


def arrow(records):
    columns = {name: pa.array(cells) for name, cells in lists(records).items()}
    for column in TELCO_V1.categorical:
        columns[column.name] = columns[column.name].dictionary_encode()
    return columns


def ordinary(scorer, records):
    """Columns without a number beyond what the model was trained on."""
    columns = lists(records)
    for name, limits in scorer.observed.items():
        columns[name] = np.clip(columns[name], *limits).tolist()
    return columns


def test_reads_arrow_numpy_and_lists_alike(scorer, records):
    expected = scorer.score_batch(arrow(records))
    chunked = {name: pa.chunked_array([cells[:70], cells[70:]]) for name, cells in arrow(records).items()}
    plain = {name: pa.array(cells) for name, cells in lists(records).items()}
    arrays = {name: np.array(cells) for name, cells in lists(records).items()}

    for columns in (lists(records), chunked, plain, arrays):
        np.testing.assert_array_equal(scorer.score_batch(columns), expected)


def test_chunks_with_different_dictionaries_are_one_column(scorer, records):
    columns = {
        name: pa.chunked_array([pa.array(c[:3]).dictionary_encode(), pa.array(c[3:]).dictionary_encode()])
        if isinstance(c[0], str)
        else c
        for name, c in lists(records).items()
    }

    np.testing.assert_array_equal(scorer.score_batch(columns), scorer.score_batch(lists(records)))


def test_one_customer_scores_as_in_a_batch(scorer, records):
    one_by_one = [scorer.score_record(record) for record in records]

    np.testing.assert_allclose(one_by_one, scorer.score_batch(arrow(records)), atol=1e-6)


def test_a_batch_longer_than_a_chunk_scores_as_its_parts(scorer, records):
    times = 2 * CHUNK // len(records) + 1
    long = {name: cells * times for name, cells in lists(records).items()}

    scored = scorer.score_batch(long).reshape(times, len(records))

    np.testing.assert_array_equal(scored, np.tile(scorer.score_batch(lists(records)), (times, 1)))


@pytest.mark.parametrize("kind", KINDS)
def test_batches_side_by_side_score_as_one_after_the_other(small_models, records, kind):
    exported = small_models.export(kind)
    scorer = Scorer(exported.manifest, exported.onnx)
    long = {name: cells * (3 * CHUNK // len(records) + 7) for name, cells in lists(records).items()}

    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(scorer.score_batch, [long] * 3))

    expected = scorer.score_batch(long)
    for scores in found:
        np.testing.assert_array_equal(scores, expected)


def test_an_empty_batch_has_no_scores(scorer):
    columns = {name: [] for name in TELCO_V1.features}

    assert scorer.score_batch(columns).shape == (0,)


def test_spelling_does_not_change_a_score(scorer, records):
    loud = [
        {k: f" {v.upper()} " if isinstance(v, str) else str(v) for k, v in record.items()}
        | {"SeniorCitizen": int(record["SeniorCitizen"])}
        for record in records
    ]

    assert [scorer.score_record(record) for record in loud] == [
        scorer.score_record(record) for record in records
    ]


def test_blank_and_unknown_categories_score_alike(scorer, records):
    blank, unknown = arrow(records), arrow(records)
    blank["Contract"] = pa.array([None] * 100 + ["One year"] * 100).dictionary_encode()
    unknown["Contract"] = pa.array(["Ten years"] * 100 + ["One year"] * 100).dictionary_encode()

    np.testing.assert_array_equal(scorer.score_batch(blank), scorer.score_batch(unknown))


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), None, "many"])
def test_refuses_a_number_that_is_none(scorer, records, bad):
    columns = lists(records)
    columns["tenure"] = [*columns["tenure"][:-1], bad]

    with pytest.raises(ValueError):
        scorer.score_batch(columns)
    with pytest.raises(ValueError):
        scorer.score_record(records[0] | {"tenure": bad})


def test_names_what_is_missing(scorer, records):
    columns = lists(records)
    del columns["Contract"], columns["tenure"]

    with pytest.raises(ValueError, match="Missing columns: Contract, tenure"):
        scorer.score_batch(columns)
    with pytest.raises(ValueError, match="Missing column: tenure"):
        scorer.score_record({name: cell for name, cell in records[0].items() if name != "tenure"})


def test_refuses_columns_of_different_lengths(scorer, records):
    columns = lists(records) | {"tenure": [1.0]}

    with pytest.raises(ValueError, match="equally long"):
        scorer.score_batch(columns)


@given(
    cells=st.lists(st.one_of(st.text(max_size=12), st.none(), st.integers(-2, 2)), min_size=1, max_size=20)
)
@settings(max_examples=40, deadline=None)
def test_any_category_gives_a_probability(small_models, cells):
    manifest = small_models.export("logistic_regression").manifest
    base = manifest["golden"][20]["record"]
    columns = {name: [base[name]] * len(cells) for name in TELCO_V1.features} | {"PaymentMethod": cells}

    scored = Scorer(manifest).score_batch(columns)

    assert ((scored > 0) & (scored < 1)).all()


def test_many_threads_share_one_scorer(scorer, records):
    expected = [scorer.score_record(record) for record in records]

    with ThreadPoolExecutor(8) as pool:
        rounds = [pool.submit(lambda: [scorer.score_record(record) for record in records]) for _ in range(24)]

    assert all(found.result() == expected for found in rounds)


@pytest.mark.parametrize("slug", ["neural_network", "random_forest", "gradient_boosting", "decision_tree"])
def test_scores_one_customer_within_50_microseconds(slug, small_models, records):
    exported = small_models.export(slug)
    score = Scorer(exported.manifest, exported.onnx).score_record
    seconds = []
    for record in records * 10:
        started = time.perf_counter()
        score(record)
        seconds.append(time.perf_counter() - started)

    assert statistics.median(seconds) <= 50e-6


def test_scoring_a_customer_loads_neither_pandas_nor_scikit_learn(small_models, tmp_path):
    exported = small_models.export("random_forest")
    (tmp_path / "model.json").write_text(json.dumps(exported.manifest))
    (tmp_path / "model.onnx").write_bytes(exported.onnx)
    program = (
        "import json, sys, pathlib; from ml.serving.scoring import Scorer;"
        "folder = pathlib.Path(sys.argv[1]);"
        "manifest = json.loads((folder / 'model.json').read_text());"
        "scorer = Scorer(manifest, (folder / 'model.onnx').read_bytes());"
        "records = [row['record'] for row in manifest['golden']];"
        "scorer.score_record(records[0]);"
        "columns = {name: [record[name] for record in records] for name in scorer.schema.features};"
        "scorer.score_batch(columns); scorer.explain_batch(columns);"
        "sys.exit(bool({'pandas', 'sklearn', 'django'} & set(sys.modules)))"
    )

    assert subprocess.run([sys.executable, "-c", program, tmp_path], check=False).returncode == 0


def test_refuses_a_graph_that_is_none_or_of_another_model(small_models):
    exported = small_models.export("random_forest")

    with pytest.raises(ValueError, match="not given"):
        Scorer(exported.manifest, None)
    with pytest.raises(ValueError, match="cannot be loaded"):
        Scorer(exported.manifest, b"not a graph")
    narrow = json.loads(json.dumps(exported.manifest))
    narrow["schema"]["categorical"].pop()
    with pytest.raises(ValueError, match="other columns"):
        Scorer(narrow, exported.onnx)


def test_refuses_an_incomplete_manifest(small_models):
    manifest = dict(small_models.export("logistic_regression").manifest)
    del manifest["calibrator"]

    with pytest.raises(ValueError, match="calibrator"):
        Scorer(manifest)
