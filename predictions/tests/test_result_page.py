import csv
import io

import pytest
from django.urls import reverse
from openpyxl import load_workbook

from predictions import files
from predictions.models import Prediction
from predictions.presenting.summary import Findings
from predictions.tests.conftest import to_csv
from registry.models import Population

pytestmark = pytest.mark.django_db

AWKWARD = [
    "00123",
    "1E5",
    "NA12",
    " 7",
    "12345678901234567890",
    "TRUE",
    "2024-01-01",
    "e\u0301",
    "\u00e9",
    "1.0",
]
FORMULAS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    '=HYPERLINK("http://127.0.0.1:9/","x")',
    "=cmd|' /C calc'!A0",
]


def with_ids(customers, ids):
    rows = [list(row) for row in customers]
    for row, value in zip(rows[1:], ids, strict=False):
        row[0] = value
    return to_csv(rows)


def page_of(prediction, portal="user"):
    return reverse("predictions:result", args=(portal, prediction.uuid))


def download(client, prediction, what, portal="user", **query):
    answer = client.get(reverse(f"predictions:{what}", args=(portal, prediction.uuid)), query)
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    return b"".join(answer.streaming_content)


def rows_of(content):
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


def page_of_all(client, prediction):
    pages = [client.get(page_of(prediction), {"page": number}) for number in (1, 2, 3)]
    return [row for page in pages for row in page.context["rows"]]


def shown_rows(answer):
    return [row["customer"] for row in answer.context["rows"]]


def test_states_the_finding_and_accounts_for_every_row(as_user, done, user, customers):
    prediction = done(user, to_csv([*customers, customers[1]]))

    page = as_user.get(page_of(prediction)).content.decode()

    counts = prediction.result
    assert f"{counts['churners']} of 150 customers are named, from a probability of 0.50 on" in page
    chances = [row["probability"] for row in page_of_all(as_user, prediction)]
    named = [chance for chance in chances if chance >= counts["threshold"]]
    assert counts["churners"] == len(named)
    assert counts["expected_named"] == pytest.approx(sum(named))
    assert f"about {sum(named):.0f} of them are expected to leave" in page
    assert "150 predicted + 1 exact duplicate + 0 left out" in page
    assert "UTF-8" in page
    assert sum(counts["tiers"].values()) == sum(counts["histogram"]) == 150
    assert len(counts["features"]) == 5
    first = page_of_all(as_user, prediction)[:5]
    assert counts["call_first"] == [
        {name: row[name] for name in ("customer", "probability")} for row in first
    ]


def test_the_heading_says_whom_it_compares_in_the_words_of_the_day(done, user):
    prediction = done(user)
    counts, found = prediction.result, Findings(prediction)
    assert found.reason == counts["finding"] and found.reason

    own = Population(wording={counts["compared"]["feature"]: {"label": "words of today"}})
    prediction.population = own
    assert "ords of today" in found.reason

    # Results of earlier days kept the sentence alone.
    del counts["compared"]
    assert found.reason == counts["finding"]
    counts["finding"] = "The model expects customers with tenure 2 to below 3 to leave 5 times as often"
    assert found.reason.endswith(" moves the probability most")


def test_ids_leave_as_they_came(as_user, done, user, customers):
    prediction = done(user, with_ids(customers, AWKWARD))

    result = rows_of(download(as_user, prediction, "download_csv"))

    assert [row[0] for row in result[1 : len(AWKWARD) + 1]] == AWKWARD


def test_no_cell_of_a_download_is_a_formula(as_user, done, user, customers):
    prediction = done(user, with_ids(customers, FORMULAS))

    result = rows_of(download(as_user, prediction, "download_csv"))
    picked = rows_of(download(as_user, prediction, "download_customers", find="1"))
    book = load_workbook(io.BytesIO(download(as_user, prediction, "download_xlsx")))

    sheets = [row for sheet in book for row in sheet.iter_rows(values_only=True)]
    for cells in (*result, *picked, *sheets):
        assert not [
            cell for cell in cells if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t")
        ]
    assert {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row} <= {"s", "n", "d"}
    assert [row[0].lstrip("'") for row in result[1 : len(FORMULAS) + 1]] == FORMULAS


def test_the_workbook_holds_the_same_as_the_csv(as_user, done, user, customers):
    prediction = done(user, with_ids(customers, AWKWARD))

    book = load_workbook(io.BytesIO(download(as_user, prediction, "download_xlsx")))

    header, *rows = book["Customers"].iter_rows(values_only=True)
    result = rows_of(download(as_user, prediction, "download_csv"))
    assert list(header) == result[0]
    # The same customers, the highest risk first.
    by_risk = sorted(result[1:], key=lambda row: -float(row[-2]))
    assert sorted(row[0] for row in rows) == sorted(row[0] for row in by_risk)
    assert [row[-2] for row in rows] == [float(row[-2]) for row in by_risk]
    tenure, chance = header.index("tenure"), header.index("churn_probability")
    assert isinstance(rows[0][tenure], int | float) and isinstance(rows[0][chance], float)


def test_a_workbook_is_not_offered_for_more_than_a_sheet_bears(as_user, done, user):
    prediction = done(user)
    prediction.result["rows"] = 200_001
    prediction.save()

    page = as_user.get(page_of(prediction)).content.decode()
    answer = as_user.get(reverse("predictions:download_xlsx", args=("user", prediction.uuid)))

    assert "Download XLSX" not in page and "up to 200,000 customers" in page
    assert answer.status_code == 413


def test_signs_that_turn_text_around_are_shown_by_their_number(as_user, done, user, customers):
    prediction = done(user, with_ids(customers, ["\u202eevil\u202c", "a\u200bb"]))

    page = as_user.get(page_of(prediction), {"sort": "customer", "find": "\u202e"}).content.decode()

    assert "<bdi>⟨U+202E⟩evil⟨U+202C⟩</bdi>" in page
    assert "\u202eevil" not in page.partition('id="customers"')[2].partition("<tbody>")[2]


def test_markup_in_cells_and_headers_is_text(as_user, done, user, customers):
    rows = [list(row) for row in customers]
    rows[0].append("<img src=x onerror=window.pwned=1>")
    for row in rows[1:]:
        row.append("1")
    rows[1][0] = "<script>window.pwned=1</script>"
    prediction = done(user, to_csv(rows), name="<b>March</b>")

    page = as_user.get(page_of(prediction), {"sort": "customer"}).content.decode()

    assert "<img src=x" not in page and "<script>window" not in page and "<b>March" not in page
    assert "&lt;script&gt;window.pwned=1&lt;/script&gt;" in page


def test_finds_sorts_filters_and_pages_customers(as_user, done, user, customers):
    prediction = done(user)
    url = page_of(prediction)

    falling = as_user.get(url)
    rising = as_user.get(url, {"sort": "probability"})
    second = as_user.get(url, {"page": "2"})
    group = prediction.result["group"]
    low = as_user.get(url, {"tier": "Low"})
    grouped = as_user.get(url, {"group": group["values"][0]})
    found = as_user.get(url, {"find": customers[7][0][2:].lower()})

    chances = [row["probability"] for row in falling.context["rows"]]
    assert chances == sorted(chances, reverse=True) and len(chances) == 50
    assert rising.context["rows"][0]["probability"] == min(
        row["probability"] for row in as_user.get(url, {"page": "3"}).context["rows"]
    )
    assert not set(shown_rows(falling)) & set(shown_rows(second))
    assert {row["tier"] for row in low.context["rows"]} == {"Low"}
    assert 0 < grouped.context["page"].paginator.count < 150
    assert customers[7][0] in shown_rows(found)


def test_an_address_that_was_edited_by_hand_is_no_error(as_user, done, user):
    page = page_of(done(user))

    for query in (
        {"sort": "no-such"}, {"sort": "-"}, {"page": "0"}, {"page": "10000"}, {"page": "x"},
        {"tier": "Purple"}, {"find": "'; DROP TABLE"}, {"group": "\u0000"}, {"find": "\u0000"},
    ):  # fmt: skip
        assert as_user.get(page, query).status_code == 200, query


def test_htmx_gets_the_table_alone(as_user, done, user):
    headers = {"HX-Request": "true", "HX-Target": "found"}

    answer = as_user.get(page_of(done(user)), {"tier": "Low"}, headers=headers)

    assert answer.content.strip().startswith(b'<div class="stack-tight" id="found"')
    assert b"find-customer" not in answer.content, "what is typed into may not be swapped"


def test_downloads_what_the_filter_leaves(as_user, done, user):
    prediction = done(user)
    everything = rows_of(download(as_user, prediction, "download_csv"))

    picked = rows_of(download(as_user, prediction, "download_customers", tier="Low"))

    assert picked[0] == everything[0]
    assert picked[1:] == [row for row in everything[1:] if row[-1] == "Low"]


def test_gives_the_upload_back_byte_for_byte(as_user, done, user, customer_file):
    prediction = done(user)

    answer = as_user.get(reverse("predictions:download_upload", args=("user", prediction.uuid)))

    assert b"".join(answer.streaming_content) == customer_file
    assert answer.headers["Content-Type"] == "application/octet-stream"


def test_unknown_categories_and_unusual_numbers_are_shown(as_user, done, user, customers):
    rows = [list(row) for row in customers]
    rows[3][rows[0].index("PaymentMethod")] = "Carrier pigeon"
    rows[4][rows[0].index("tenure")] = "900"
    prediction = done(user, to_csv(rows))

    page = as_user.get(page_of(prediction)).content.decode()

    assert "unknown category" in page and "Carrier pigeon (1)" in page
    assert "beyond the customers the model learned from" in page and "highest 900" in page


def test_columns_of_the_file_that_are_called_like_ours_stay(as_user, done, user, customers):
    rows = [[*row, "mine"] for row in customers]
    rows[0][-1] = "prediction"
    prediction = done(user, to_csv(rows))

    header, first, *_ = rows_of(download(as_user, prediction, "download_csv"))

    assert header[-4:] == ["prediction", "prediction_2", "churn_probability", "risk_tier"]
    assert first[-4] == "mine" and first[-3] in ("Yes", "No")


def test_another_company_finds_nothing(as_foreign_user, done, user):
    prediction = done(user)

    for name in (
        "result", "download_csv", "download_xlsx", "download_customers", "download_customers_xlsx",
        "download_upload", "download_rejects",
    ):  # fmt: skip
        address = reverse(f"predictions:{name}", args=("user", prediction.uuid))
        assert as_foreign_user.get(address).status_code == 404, name


def test_a_colleague_reads_it_and_the_developer_does_in_the_own_portal(as_developer, as_user, done, user):
    prediction = done(user)
    tier = {"tier": "Low"}

    assert as_developer.get(page_of(prediction, "dev")).status_code == 200
    assert as_developer.get(page_of(prediction, "user"))["Location"] == page_of(prediction, "dev")
    back = as_user.get(page_of(prediction, "dev"), tier)["Location"]
    assert back == f"{page_of(prediction, 'user')}?tier=Low"


def test_a_result_whose_file_is_gone_is_not_there(as_user, done, user):
    prediction = done(user)
    files.remove_result(prediction.result_dataset_path)

    assert as_user.get(reverse("predictions:download_csv", args=("user", prediction.uuid))).status_code == 404


def test_a_file_for_excel_comes_back_with_the_same_predictions(as_user, done, user, customers):
    from openpyxl import Workbook

    book = Workbook()
    for row in customers:
        book.active.append(row)
    content = io.BytesIO()
    book.save(content)

    from_book = done(user, content.getvalue(), filename="march.xlsx", name="Workbook")
    from_text = done(user, name="Text")

    def chances(prediction):
        return [row[-2] for row in rows_of(download(as_user, prediction, "download_csv"))]

    assert from_book.upload_dataset_path.endswith(".xlsx")
    assert chances(from_book) == chances(from_text)


@pytest.mark.any_database
def test_predicts_the_real_file(done, user, telco):
    # With each of the defaults: `tests/test_browser_walk.py`.
    prediction = done(user, telco.read_bytes())

    assert prediction.result["rows"] == 7_043
    assert 400 < prediction.result["churners"] < 3_500
    assert any("TotalCharges" in warning for warning in prediction.input_data["warnings"])
    assert Prediction.objects.get().is_done


def test_the_home_page_begins_with_the_newest_result(as_user, done, user):
    prediction = done(user)

    page = as_user.get("/user/").content.decode()

    assert f"/user/predictions/{prediction.uuid}/?tier=Critical#customers" in page
    assert "Revenue at risk" in page
