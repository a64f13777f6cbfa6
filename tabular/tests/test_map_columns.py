"""Columns are guessed by name and content, with reasons; a mapping that cannot be right is stopped."""

import json

import pytest

from tabular.errors import TableError
from tabular.logs.mapping import ROLES, EventSpec, freeze, guess_mapping, seems_of_visits
from tabular.previews.preview import preview_table
from tabular.tests.logs import guessed, write_log


def preview_of(tmp_path, header, row_of, rows=40, **how):
    return preview_table(
        write_log(tmp_path / "log.csv", [row_of(n) for n in range(rows)], header=header, **how)
    )


def day(n: int) -> str:
    return f"2024-{n % 12 + 1:02d}-{n % 28 + 1:02d}"


@pytest.mark.parametrize(
    ("who", "when", "how_much"),
    [
        ("user_id", "order_date", "total_price"),
        ("customer_number", "purchase_timestamp", "revenue"),
        ("CustomerID", "InvoiceDate", "Amount"),
        ("Customer Number", "Order_Date", "total price"),
        ("cust", "date", "amount"),
        ("Kundennummer", "Bestelldatum", "Gesamtbetrag"),
        ("Kunden-Nr.", "Datum", "Umsatz"),
        ("klantnummer", "besteldatum", "totaalbedrag"),
        ("Numéro client", "Date de commande", "Montant total"),
        ("id_cliente", "fecha_compra", "importe"),
        ("Número de cliente", "Fecha", "Monto Total"),
        ("costumer_id", "transaction_dt_date", "purchase_amout"),
    ],
)
def test_the_required_columns_are_known_by_their_names(who, when, how_much, tmp_path):
    preview = preview_of(tmp_path, ("row", who, when, how_much), lambda n: (n, f"K{n % 9}", day(n), f"{n}.5"))

    assert guessed(preview) == {"customer_id": who, "event_at": when, "amount": how_much}


@pytest.mark.parametrize(
    ("order", "who", "when", "product", "pieces", "how_much"),
    [
        (
            "Numéro de commande",
            "N° client",
            "Date de la commande",
            "Nom du produit",
            "Quantité",
            "Montant TTC",
        ),
        ("N° commande", "Identifiant du client", "Date de commande", "Article", "Qté", "Total TTC"),
        ("Numero ordine", "Codice cliente", "Data ordine", "Nome prodotto", "Quantità", "Importo totale"),
        ("N. fattura", "Cliente", "Data dell'ordine", "Descrizione", "Q.tà", "Totale"),
        ("Número do pedido", "Código do cliente", "Data do pedido", "Produto", "Quantidade", "Valor total"),
        ("Nº pedido", "Nº cliente", "Fecha del pedido", "Nombre del producto", "Cantidad", "Importe total"),
        ("Name", "Email", "Created at", "Lineitem name", "Lineitem quantity", "Total"),
        ("increment_id", "customer_email", "created_at", "sku", "qty_ordered", "row_total"),
    ],
)
def test_columns_of_orders_are_known_in_other_languages_and_from_shops(
    order, who, when, product, pieces, how_much, tmp_path
):
    # When it was sent, and when it was paid for where that was done, are no days of a purchase.
    header = (order, "Paid at", who, when, "Data consegna", product, pieces, how_much)
    rows = lambda n: (f"#{1000 + n}", day(n), f"K{n % 9}", day(n), day(n + 2), f"T {n}", n, f"{n}.5")  # noqa: E731

    preview = preview_of(tmp_path, header, rows)

    assert guessed(preview) == {
        "customer_id": who, "event_at": when, "amount": how_much, "order_id": order, "product": product,
        "quantity": pieces,
    }  # fmt: skip


def test_a_name_is_an_order_only_where_it_is_written_as_one(tmp_path):
    header = ("Name", "Date", "Total")

    preview = preview_of(tmp_path, header, lambda n: (f"Ann {n % 9}", day(n), f"{n}.5"))

    assert "order_id" not in guessed(preview)


def test_the_optional_columns_are_known_by_their_names(tmp_path):
    header = (
        "order_id",
        "user_id",
        "order_date",
        "item_name",
        "category",
        "qty",
        "discount",
        "event",
        "total",
        "churned",
    )
    preview = preview_of(
        tmp_path,
        header,
        lambda n: (
            1000 + n,
            n % 9,
            day(n),
            f"Tea {n}",
            "Tea",
            n,
            0,
            ["purchase", "login"][n % 2],
            n + 0.5,
            n % 2,
        ),
    )

    assert guessed(preview) == {
        "customer_id": "user_id", "event_at": "order_date", "amount": "total", "order_id": "order_id",
        "product": "item_name", "category": "category", "quantity": "qty", "discount": "discount",
        "event_type": "event", "label": "churned",
    }  # fmt: skip


def test_names_that_say_nothing_are_answered_by_content(tmp_path):
    preview = preview_of(tmp_path, ("a", "b", "c"), lambda n: (f"K{n % 9}", day(n), f"{n}.5"))

    guesses = guess_mapping(preview)

    assert {role: guess.column for role, guess in guesses.items()} == {
        "customer_id": "a",
        "event_at": "b",
        "amount": "c",
    }
    assert all(guess.confidence <= 0.6 for guess in guesses.values())
    assert guesses["event_at"].reason == "no other column holds dates"


def test_every_guess_has_a_reason_that_names_what_the_column_holds(tmp_path):
    preview = preview_of(tmp_path, ("user_id", "day", "total"), lambda n: (n % 9, day(n), f"{n}.5"))

    reasons = {role: guess.reason for role, guess in guess_mapping(preview).items()}

    assert "9 different texts in 40 rows" in reasons["customer_id"]
    assert "year, month, day" in reasons["event_at"]
    assert "numbers from 0.5 to 39.5" in reasons["amount"]


def test_without_amounts_they_are_unit_prices_times_quantities(tmp_path):
    preview = preview_of(
        tmp_path, ("id", "date", "Quantity", "UnitPrice"), lambda n: (n % 9, day(n), n, f"{n}.5")
    )

    guesses = guess_mapping(preview)
    spec = freeze(preview, guessed(preview))

    assert "'UnitPrice' times 'Quantity'" in guesses["unit_price"].reason
    assert spec.multiplies


def test_a_price_without_a_quantity_is_the_amount(tmp_path):
    preview = preview_of(tmp_path, ("id", "date", "price"), lambda n: (n % 9, day(n), f"{n}.5"))

    assert guessed(preview)["amount"] == "price"


@pytest.mark.parametrize("cell", ["1761.45 CR", "\u0661\u0662\u0663"])
@pytest.mark.parametrize("more", [(), ("quantity",)])
def test_amounts_that_cannot_be_read_are_no_reason_to_take_purchases_for_visits(more, cell, tmp_path):
    name = "unit_price" if more else "amount"
    preview = preview_of(
        tmp_path, ("id", "date", name, *more), lambda n: (n % 9, day(n), cell, *(n for _ in more))
    )

    guess = guess_mapping(preview)[name]

    assert guess.column == name and guess.reason.startswith(
        "its name says so, but it holds no numbers (e.g. "
    )
    assert not seems_of_visits(preview)
    with pytest.raises(TableError, match=f"Column '{name}' holds texts .e.g. '{cell}'.*cannot be the"):
        freeze(preview, guessed(preview))
    # Leaving them out is somebody's wish.
    assert freeze(preview, guessed(preview) | {name: ""}).columns["event_at"] == "date"


@pytest.mark.parametrize(
    ("name", "more"),
    [("amount", ("weight_kg",)), ("amount", ("shipping total",)), ("Order amount (EUR)", ()),
     ("Betrag in EUR", ()), ("Total Amount incl. VAT", ("weight_kg",)), ("Netto Betrag", ()), ("Summa", ())],
)  # fmt: skip
@pytest.mark.parametrize("cents", [".45", ""])
def test_no_other_number_silently_stands_for_amounts_that_cannot_be_read(name, more, cents, tmp_path):
    preview = preview_of(
        tmp_path,
        ("id", "date", name, *more),
        lambda n: (n % 9, day(n), f"{17 + n}{cents} CR" if n else "free", *(f"{n}.25" for _ in more)),
    )

    guess = guess_mapping(preview)["amount"]

    assert guess.column == name and guess.reason.endswith(f"holds no numbers (e.g. '18{cents} CR')")
    with pytest.raises(TableError, match=r"holds texts .*cannot be the amount"):
        freeze(preview, guessed(preview))


def test_amounts_that_can_be_read_stand_before_those_that_cannot(tmp_path):
    header = ("id", "date", "grand total", "amount")
    preview = preview_of(tmp_path, header, lambda n: (n % 9, day(n), f"{n}.5", f"{n}.50 CR"))

    assert guessed(preview)["amount"] == "grand total"


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ("payment method", "Visa 4242"),
        ("price terms", "30 days"),
        ("payment card", "Visa 1{n:03d}"),
        ("payment method", "{n}"),
        ("Betrag Art", "Art {n}"),
        ("sales order", "SO-1{n:04d}"),
        ("payment transaction", "TX1{n:04d}"),
        ("sales x", "INV1{n:04d}"),
        ("sales order", "1{n:04d}"),
        ("price group", "P{n}"),
        ("total points", "{n} pts"),
        ("points total", "{n} pts"),
        ("total visits", "{n} visits"),
        ("total visits", "{n}"),
        ("sales document", "451{n:04d}"),
        ("sales organization", "10{n:02d}"),
        ("sales office", "{n}"),
        ("sales zones", "{n}"),
        ("sales co", "1000"),
    ],
)
def test_texts_with_numbers_are_no_amounts(name, cell, tmp_path):
    preview = preview_of(
        tmp_path, ("id", "date", name, "net value"), lambda n: (n % 9, day(n), cell.format(n=n), f"{n}.5")
    )

    guesses = guessed(preview)
    assert guesses["amount"] == "net value"
    assert guesses.get("order_id") == (name if name in ("sales order", "sales document") else None)


@pytest.mark.parametrize("document", ["4510{n:03d}", "SO10{n:03d}"])
@pytest.mark.parametrize(
    "who", ["Sold-to Party", "Ship-to", "Bill-to party", "Payer", "Auftraggeber", "Konto"]
)
def test_an_order_an_office_or_a_city_is_no_customer(who, document, tmp_path):
    header = (
        "Sales Document",
        "Sales Document Type",
        "Sales Office",
        "Ship-to city",
        who,
        "Created On",
        "Value",
    )
    preview = preview_of(
        tmp_path,
        header,
        lambda n: (
            document.format(n=n // 2), "TA", f"O{n % 20}", f"City {n % 19}", 100 + n % 9, day(n), f"{n}.5"
        ),
    )  # fmt: skip

    guesses = guessed(preview)

    assert (guesses["customer_id"], guesses["order_id"]) == (who, "Sales Document")
    assert guesses["amount"] == "Value"


@pytest.mark.parametrize("other", ["Ship-to address", "Ship to name", "Bill-to name", "Customer street"])
def test_where_something_is_sent_to_is_no_customer_beside_one(other, tmp_path):
    header = ("Order", "Order date", other, "Customer name", "Total")
    preview = preview_of(tmp_path, header, lambda n: (n, day(n), f"A {n % 12}", f"C {n % 9}", f"{n}.5"))

    assert guessed(preview)["customer_id"] == "Customer name"


def test_how_somebody_paid_is_no_amount(tmp_path):
    preview = preview_of(
        tmp_path, ("id", "date", "payment"), lambda n: (n % 9, day(n), ("card", "cash")[n % 2])
    )

    assert guessed(preview) == {"customer_id": "id", "event_at": "date"}


def test_the_date_of_a_purchase_is_not_the_one_of_a_birth_or_delivery(tmp_path):
    header = ("id", "birth_date", "delivery_date", "purchase_date", "total")
    preview = preview_of(tmp_path, header, lambda n: (n % 9, day(n), day(n), day(n), f"{n}.5"))

    assert guessed(preview)["event_at"] == "purchase_date"


def clock(n: int) -> str:
    return f"{8 + n % 12:02d}:{n % 60:02d}"


@pytest.mark.parametrize(
    "name", ["Order Time", "purchase_time", "time", "Uhrzeit", "Besteltijd", "Heure", "hora de compra", "x"]
)
def test_a_time_of_day_beside_the_date_is_guessed_with_its_reason(name, tmp_path):
    header = ("id", "Order Date", name, "total")
    preview = preview_of(tmp_path, header, lambda n: (n % 9, day(n), clock(n), f"{n}.5"))

    guess = guess_mapping(preview)["time"]

    assert guess.column == name
    assert "times of day in every filled cell, from 08:00:00 to 19:35:00" in guess.reason
    assert freeze(preview, guessed(preview)).time_form == "CLOCK"


@pytest.mark.parametrize("name", ["delivery time", "session duration", "opening_time", "Lieferzeit"])
def test_times_of_something_else_are_not_those_of_a_purchase(name, tmp_path):
    header = ("id", "date", name, "total")
    preview = preview_of(tmp_path, header, lambda n: (n % 9, day(n), clock(n), f"{n}.5"))

    assert "time" not in guessed(preview)


def test_dates_that_have_times_need_no_others(tmp_path):
    header = ("id", "date", "time", "total")
    preview = preview_of(tmp_path, header, lambda n: (n % 9, f"{day(n)} 10:00", clock(n), f"{n}.5"))

    assert guessed(preview) == {"customer_id": "id", "event_at": "date", "amount": "total"}
    with pytest.raises(
        TableError, match=r"'date' have times already .e.g. '2024-01-01 10:00'.*'time'"
    ) as refusal:
        freeze(preview, guessed(preview) | {"time": "time"})
    assert refusal.value.kind == "wrong_mapping"


def test_dates_with_their_times_are_no_times_of_day(tmp_path):
    header = ("id", "date", "bought_at", "total")
    preview = preview_of(tmp_path, header, lambda n: (n % 9, day(n), f"{day(n)} 10:00", f"{n}.5"))

    with pytest.raises(TableError, match=r"'bought_at' holds dates with their times.*Choose it as the date"):
        freeze(preview, {"customer_id": "id", "event_at": "date", "time": "bought_at", "amount": "total"})


def test_words_of_which_none_is_known_are_not_guessed_to_be_types_of_events(tmp_path):
    preview = preview_of(
        tmp_path, ("id", "date", "total", "order_status"), lambda n: (n % 9, day(n), f"{n}.5", "pending")
    )

    assert "event_type" not in guessed(preview)


HEADER = ("who", "when", "how_much", "what", "shop", "empty", "clock")
RIGHT = {"customer_id": "who", "event_at": "when", "amount": "how_much"}


@pytest.fixture
def preview(tmp_path):
    return preview_of(
        tmp_path,
        HEADER,
        lambda n: (f"K{n % 9}", day(n), f"{n}.5", f"Tea {n}", f"S{n % 3}", "", clock(n)),
    )


@pytest.mark.parametrize(
    ("change", "kind", "said"),
    [
        ({"amount": "when"}, "wrong_mapping", "'when' cannot be both"),
        ({"event_at": "what", "amount": "when"}, "wrong_mapping", "'what' holds no dates"),
        ({"event_at": "when", "quantity": "when"}, "wrong_mapping", "both"),
        ({"amount": "what"}, "wrong_mapping", "'what' holds texts .e.g. 'Tea 0'"),
        ({"discount": "what"}, "wrong_mapping", "cannot be the discount"),
        ({"customer_id": "shop"}, "too_few_customers", "only 3 different values in 40 rows"),
        ({"customer_id": "how_much", "amount": "who"}, "wrong_mapping", "'who' holds texts"),
        ({"time": "what"}, "wrong_mapping", "'what' holds no times of day .* .but e.g. 'Tea 0'"),
        ({"time": "when"}, "wrong_mapping", "both"),
        ({"event_at": "clock"}, "wrong_mapping", "'clock' holds no dates .but e.g. '08:00'"),
        ({"amount": "clock"}, "wrong_mapping", "'clock' holds times of day"),
        ({"customer_id": "clock"}, "wrong_mapping", "so it cannot say who. Choose another column.$"),
        ({"label": "what"}, "wrong_mapping", "40 different values"),
        ({"product": "empty"}, "wrong_mapping", "blank in every row. Choose another column, or none.$"),
        ({"event_at": ""}, "needs_mapping", "when .date"),
        ({"customer_id": ""}, "needs_mapping", "who it was"),
        ({"amount": "", "unit_price": "how_much"}, "needs_mapping", "how many pieces"),
        ({"amount": "gone"}, "missing_columns", "no column 'gone'"),
    ],
)
def test_a_mapping_that_cannot_be_right_is_stopped_with_the_reason(change, kind, said, preview):
    with pytest.raises(TableError, match=said) as refusal:
        freeze(preview, RIGHT | change)

    assert refusal.value.kind == kind


def test_a_date_as_amount_is_stopped_with_the_reason(tmp_path):
    preview = preview_of(
        tmp_path, ("id", "date", "paid_on", "total"), lambda n: (n % 9, day(n), day(n), f"{n}.5")
    )

    with pytest.raises(TableError, match=r"'paid_on' holds dates .e.g. '2024-01-01'.*cannot be the amount"):
        freeze(preview, {"customer_id": "id", "event_at": "date", "amount": "paid_on"})


def test_a_handful_of_rows_may_have_a_handful_of_customers(tmp_path):
    preview = preview_of(tmp_path, ("client", "date", "total"), lambda n: ("A", day(n), f"{n}.5"), rows=5)

    assert freeze(preview, guessed(preview)).columns["customer_id"] == "client"


def test_an_order_that_the_file_contradicts_is_refused(tmp_path):
    preview = preview_of(
        tmp_path, ("id", "date", "total"), lambda n: (n % 9, f"{n % 28 + 1}/3/2024", f"{n}.5")
    )

    with pytest.raises(TableError, match="month, day, year"):
        freeze(preview, guessed(preview), date_order="MDY")


def test_a_role_that_does_not_exist_is_a_mistake_of_the_caller(preview):
    with pytest.raises(ValueError, match="roles are"):
        freeze(preview, RIGHT | {"colour": "what"})


def test_the_frozen_specification_survives_json(preview):
    spec = freeze(preview, RIGHT | {"product": "what", "time": "clock"})

    assert EventSpec.from_dict(json.loads(json.dumps(spec.to_dict()))) == spec
    assert set(spec.places) < set(ROLES)


@pytest.mark.parametrize("words", [("paid", "refunded"), ("Completed", "Cancelled"), ("fulfilled", "voided")])
def test_the_words_of_shops_for_what_was_paid_are_purchases(words, tmp_path):
    header = ("email", "order date", "order total", "financial status")
    preview = preview_of(tmp_path, header, lambda n: (f"k{n % 9}@x.org", day(n), f"{n}.5", words[n % 4 == 3]))

    assert guessed(preview)["event_type"] == "financial status"


def test_a_type_by_which_nothing_is_a_purchase_is_not_guessed(tmp_path):
    header = ("customer_id", "order_date", "amount", "status")
    # Who has no status has no date either, as in the second line of an order.
    preview = preview_of(
        tmp_path,
        header,
        lambda n: (f"K{n % 9}", day(n) if n % 2 else "", f"{n}.5", "open" if n % 2 else ""),
    )

    assert "event_type" not in guessed(preview)


@pytest.mark.parametrize("twin", ["Amount", "amount ", " AMOUNT"])
def test_of_two_columns_of_one_name_none_is_guessed(twin, tmp_path):
    header = ("customer_id", "order_date", "amount", twin)
    preview = preview_of(tmp_path, header, lambda n: (f"K{n % 9}", day(n), f"{n}.5", f"{2 * n}.5"))

    assert guessed(preview) == {"customer_id": "customer_id", "event_at": "order_date"}
    assert any("2 columns have the same name" in warning for warning in preview.warnings)
    with pytest.raises(TableError) as refused:
        freeze(preview, guessed(preview))
    assert refused.value.kind == "needs_mapping" and "for how much" in refused.value.message


def test_columns_whose_names_differ_elsewhere_are_no_twins(tmp_path):
    header = ("customer_id", "order_date", "amount", "amount_net")

    preview = preview_of(tmp_path, header, lambda n: (f"K{n % 9}", day(n), f"{n}.5", f"{n}.4"))

    assert guessed(preview)["amount"] == "amount" and not preview.warnings
