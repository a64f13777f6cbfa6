"""Customers of a company's own table: read, scored, shown and filtered by the company's own columns."""

import csv
import io
from datetime import date

import numpy as np
import openpyxl
import pandas as pd
import pytest
from django.urls import reverse

from core.files.media import readable_path
from intake.services.checking import FileRefused
from ml.learning.honest_scores import raw_scores
from ml.matrix.frames import clean_frame
from ml.model_types.catalogue import MODEL_TYPES
from ml.serving.risk import SEGMENTS_V2
from ml.serving.scoring import Scorer
from predictions.engines.batch import score_rows
from predictions.engines.queries import read_query, word_of
from predictions.engines.results import PROBABILITY, CustomerTable, Query
from predictions.presenting.summary import Findings
from predictions.selectors import open_table
from registry.engines.tables import customers_table
from registry.tests.own_bases import (
    HEADER,
    LEFT,
    OUTCOME,
    STAYED,
    VALUE,
    learn_table,
    own_base,
    own_csv,
    own_model,
    own_rows,
)
from tabular.previews.preview import preview_table
from tabular.snapshots.check import check_table
from tabular.source.records import iter_records


def strange_rows():
    """Return customers with what nobody has met: new regions and plans, more blanks, other spellings."""
    rows = own_rows(160, seed=7)
    for place, row in enumerate(rows):
        row[1] = ("PROFI", " plus", "Gold", "", row[1], row[1])[place % 6]
        row[2] = ("", "1234,5", "-20", row[2], "0")[place % 5]
        row[4] = ("", "1.2.2031", row[4], row[4])[place % 4]
        row[5] = ("JA", "Nein", row[5], "")[place % 4]
        row[6] = ("Mond", "", "insel", row[6], row[6], row[6], row[6])[place % 7]
    return rows


def read_by_pandas(content, plan):
    """Return the features as a data scientist would read them by hand, and the day that ages count from."""
    frame = pd.read_csv(io.BytesIO(content), sep=";", dtype=str, keep_default_na=False)
    frame = frame.map(str.strip).replace({"NA": "", "n/a": ""})
    for name in ("Umsatz", "Besuche", "Rabatt"):
        text = frame[name].str.replace(".", "", regex=False).str.replace(",", ".", regex=False)
        frame[name] = pd.to_numeric(text)
    begun = pd.to_datetime(frame["Beginn"], format="%d.%m.%Y")
    latest = max(begun.max(), pd.Timestamp(plan.reference))
    frame["Beginn"] = (latest - begun).dt.days.astype(float)
    return frame


@pytest.mark.filterwarnings("ignore")  # so few customers do not let every fit converge
@pytest.mark.parametrize("model_type", MODEL_TYPES)
def test_a_file_is_scored_as_the_model_was_learned(model_type, tmp_path):
    model = own_model(model_type)
    content = own_csv(strange_rows(), with_outcome=False)
    path = tmp_path / "april.csv"
    path.write_bytes(content)
    schema = customers_table(
        model.schema, model.plan.to_dict(), purpose="predict", observed=model.trained.observed
    )
    frame = clean_frame(read_by_pandas(content, model.plan), model.schema)
    expected = model.trained.calibrator.apply(raw_scores(model.trained.pipeline, frame))

    score_rows(
        Scorer(model.exported.manifest, model.exported.onnx),
        source=path,
        spec=check_table(path, schema).spec,
        schema=schema,
        policy=SEGMENTS_V2,
        csv_path=tmp_path / "result.csv",
        table_path=tmp_path / "result.parquet",
    )

    table = CustomerTable(tmp_path / "result.parquet", Query(sort="_line"))
    found = np.array([row[PROBABILITY] for row in table[0 : len(table)]])
    assert np.abs(found - expected).max() < 1e-5


@pytest.fixture
def finish(company, user, done):
    """Return a function that scores a file of the company's own customers to the end."""

    def score(content, **options):
        _, version = own_base(company, **options)
        return done(user, content, model=version, name="April", filename="april.csv")

    return score


@pytest.mark.any_database
def test_shows_the_columns_of_the_company_as_its_file_says_them(finish):
    prediction = finish(own_csv(with_outcome=False))

    shown = {column["name"]: column for column in prediction.result["shown"]}
    said = next(dict(zip(HEADER, row, strict=True)) for row in own_rows() if all(row))
    row = next(row for row in open_table(prediction)[0:400] if row["_customer"] == said[HEADER[0]])
    assert shown[VALUE] == {"name": VALUE, "label": "Umsatz je Quartal, EUR", "numeric": True}
    assert row["Beginn"] == date(*map(int, reversed(said["Beginn"].split("."))))
    assert f"{row['Rabatt']:.2f}".replace(".", ",") == said["Rabatt"]
    assert (row["Tarif"], row["Region"], row["Newsletter"]) == (
        said["Tarif"],
        said["Region"],
        said["Newsletter"],
    )


@pytest.mark.any_database
def test_returns_every_cell_as_it_was_sent_and_speaks_of_leaving_as_the_file_does(finish):
    prediction = finish(own_csv(with_outcome=False))

    lines = readable_path(prediction.result_dataset_path).read_text(encoding="utf-8-sig").splitlines()
    rows = list(csv.reader(lines, delimiter=";"))
    assert rows[0] == [*HEADER[:-1], "prediction", "churn_probability", "risk_tier"]
    assert [row[:8] for row in rows[1:]] == [row[:8] for row in own_rows()]
    assert {row[8] for row in rows[1:]} == {STAYED, LEFT}


def test_chances_are_written_as_the_file_writes_its_numbers(finish, as_user, tmp_path):
    rows = own_rows(60)
    # A negative amount, a quoted cell, and one over two lines.
    rows[3][2], rows[4][1], rows[5][1] = "-1.234,50", 'Plus "XL"; neu', "Plus\nneu"
    prediction = finish(own_csv(rows, with_outcome=False))
    chances = {row["_customer"]: row[PROBABILITY] for row in open_table(prediction)[0:60]}

    def download(what, **query):
        address = reverse(f"predictions:{what}", args=("user", prediction.uuid))
        return b"".join(as_user.get(address, query).streaming_content)

    whole, picked = download("download_csv"), download("download_customers", tier="Low")
    (tmp_path / "result.csv").write_bytes(whole)
    preview = preview_table(tmp_path / "result.csv")
    read = {row["values"][0]: row["values"][-2] for row in preview.rows}
    found = preview.column("churn_probability")
    assert (found.kind, found.decimal) == ("number", ",")
    assert read == {who: pytest.approx(chance, abs=5.1e-7) for who, chance in chances.items()}
    lines = list(csv.reader(whole.decode().splitlines(keepends=True), delimiter=";"))
    assert lines[4][2] == "-1.234,50"
    # The same bytes in both, quotation marks included.
    records = list(iter_records(io.BytesIO(whole), ";"))
    low = [record for record in records[1:] if record.strip().endswith(b";Low")]
    assert picked.strip() == b"".join([records[0], *low]).strip()
    assert 0 < len(low) < 60
    sheet = openpyxl.load_workbook(io.BytesIO(download("download_xlsx")))["Customers"]
    of_sheet = {row[0]: (row[2], row[-2]) for row in sheet.iter_rows(min_row=2, values_only=True)}
    assert of_sheet[rows[3][0]] == (-1234.5, pytest.approx(chances[rows[3][0]], abs=5.1e-7))


@pytest.mark.any_database
def test_customers_without_ids_are_called_after_their_rows(finish):
    prediction = finish(own_csv(with_outcome=False, without=(HEADER[0],)), with_ids=False)

    assert {row["_customer"] for row in open_table(prediction)[0:400]} == {f"Row {n}" for n in range(2, 402)}


@pytest.mark.any_database
def test_what_is_at_risk_leaves_out_what_nobody_knows(finish):
    prediction = finish(own_csv(with_outcome=False))

    rows = open_table(prediction)[0:400]
    leaving = [row[VALUE] for row in rows if row[PROBABILITY] >= prediction.result["threshold"]]
    known = [value for value in leaving if value is not None]
    assert len(known) < len(leaving)
    assert prediction.result["revenue_at_risk"] == pytest.approx(sum(known))
    assert Findings(prediction).revenue_sentence.startswith("Umsatz je Quartal of those")
    assert Findings(prediction).revenue_sentence.endswith(", in EUR")


def test_without_a_value_per_customer_nothing_is_said_of_it(finish, as_user):
    prediction = finish(own_csv(with_outcome=False), with_value=False)

    page = as_user.get(reverse("predictions:result", args=("user", prediction.uuid))).content.decode()
    assert prediction.result["revenue_at_risk"] is None
    assert "Revenue at risk" not in page


@pytest.mark.any_database
def test_outcomes_in_the_words_of_the_company_tell_how_right_it_was(finish):
    prediction = finish(own_csv(own_rows(200, seed=3)))

    outcomes = Findings(prediction).outcomes
    assert outcomes.known == 200
    assert outcomes.recall.of == sum(row[-1] == LEFT for row in own_rows(200, seed=3))


@pytest.mark.any_database
def test_reasons_speak_in_the_words_of_the_company(finish):
    prediction = finish(own_csv(with_outcome=False))

    findings = Findings(prediction)
    labels = {item["label"] for item in findings.features}
    assert "Umsatz je Quartal" in labels and VALUE not in labels
    assert not {"month", "charges", "contract", "tenure"} & set(findings.reason.lower().split())


def test_cells_and_filter_say_what_people_call_the_values_and_files_what_was_sent(finish, as_user):
    prediction = finish(own_csv(with_outcome=False))
    counts, base = prediction.result, prediction.population
    counts["shown"] = [{"name": name, "label": name, "numeric": False} for name in ("Newsletter", "Region")]
    counts["group"] = {"feature": "Newsletter", "label": "Newsletter", "values": ["ja", "nein", "(blank)"]}
    prediction.save(update_fields=("result",))
    base.wording["Newsletter"]["label"] = "Post"
    base.wording["Region"] = {"label": "Gebiet", "unit": "Land"}
    base.save(update_fields=("wording",))

    def get(what):
        return as_user.get(reverse(f"predictions:{what}", args=("user", prediction.uuid)), {"group": "ja"})

    page, picked = get("result"), b"".join(get("download_customers").streaming_content).decode("utf-8-sig")
    book = openpyxl.load_workbook(io.BytesIO(b"".join(get("download_customers_xlsx").streaming_content)))

    assert {row["cells"][0]["value"] for row in page.context["rows"]} == {"mit"}
    assert [column["label"] for column in page.context["columns"]] == ["Post", "Gebiet, Land"]
    text = page.content.decode()
    assert '<option value="ja" selected>mit</option><option value="nein">ohne</option>' in text
    assert '<option value="(blank)">no value</option>' in text and ">Post <select" in text
    told = [row[1] for row in book.worksheets[0].iter_rows(values_only=True) if row[0] == "In the table"]
    assert told[0].endswith("Post: mit")
    assert {row[5] for row in csv.reader(picked.splitlines()[1:], delimiter=";")} == {"ja"}


@pytest.mark.parametrize("group", ["Nord", "(other)", "(blank)"])
def test_rare_and_blank_values_are_filters_as_well(finish, as_user, group):
    prediction = finish(own_csv(with_outcome=False))
    prediction.result["group"] = {
        "feature": "Region",
        "values": ["Süd", "Nord", "West", "(other)", "(blank)"],
    }
    prediction.save(update_fields=("result",))

    answer = as_user.get(
        reverse("predictions:result", args=("user", prediction.uuid)), {"group": group, "find": "K-"}
    )

    wanted = {"Nord": {"Nord"}, "(other)": {"Ost", "Insel"}, "(blank)": {""}}[group]
    assert answer.context["page"].paginator.count == sum(row[6] in wanted for row in own_rows())


@pytest.mark.any_database
def test_a_blank_number_comes_last_in_both_directions(finish):
    table = open_table(finish(own_csv(with_outcome=False)))

    for sort in (VALUE, f"-{VALUE}"):
        values = [row[VALUE] for row in table.asking(Query(sort=sort))[0:400]]
        blanks = sum(row[2] == "" for row in own_rows())
        assert values[-blanks:] == [None] * blanks
        assert None not in values[:-blanks]


def test_columns_may_be_called_like_those_of_the_result(tmp_path):
    called = {"Tarif": "_line", "Umsatz": "line", "Besuche": "_Probability", "Region": "tier"}
    content = own_csv()
    header, rest = content.decode().split("\n", 1)
    named = ";".join(called.get(name, name) for name in header.split(";"))
    (tmp_path / "april.csv").write_text(f"{named}\n{rest}")
    model = learn_table((tmp_path / "april.csv").read_bytes(), "logistic_regression")
    schema = customers_table(model.schema, model.plan.to_dict(), purpose="predict")

    found = score_rows(
        Scorer(model.exported.manifest, model.exported.onnx),
        source=tmp_path / "april.csv",
        spec=check_table(tmp_path / "april.csv", schema).spec,
        schema=schema,
        policy=SEGMENTS_V2,
        csv_path=tmp_path / "result.csv",
        table_path=tmp_path / "result.parquet",
    )

    table = CustomerTable(tmp_path / "result.parquet")
    for column in found["shown"]:
        wanted = read_query({"sort": word_of(column["name"])}, columns=table.columns, tiers=found["tiers"])
        assert wanted.query.sort == column["name"]
        values = [row[column["name"]] for row in table.asking(wanted.query)[0:400]]
        known = [value for value in values if value is not None]
        assert known == sorted(known)
    assert {"_line_", "line", "_Probability_", "tier"} <= set(table.columns)


@pytest.mark.any_database
def test_a_file_without_a_needed_column_is_refused_by_its_name(company, user, predict):
    _, version = own_base(company)

    with pytest.raises(FileRefused, match="Region"):
        predict(user, own_csv(without=("Region",)), model=version)


@pytest.mark.any_database
def test_the_outcome_column_is_not_needed(finish):
    assert OUTCOME not in own_csv(with_outcome=False).decode()
    assert finish(own_csv(with_outcome=False)).result["realised"] is None
