"""Tables of customers as any company has them, and the way from such a file to its rows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random

from tabular.previews.preview import preview_table
from tabular.snapshots.check import check_table
from tabular.snapshots.frame import load_frame
from tabular.snapshots.inference import infer_table
from tabular.snapshots.plan import freeze, suggest
from tabular.tests.small import write_table

BANK = ["RowNumber", "CustomerId", "Surname", "Geography", "Opened", "Balance", "Card", "Branch", "Exited"]
GERMAN = ["Kundennummer", "Tarif", "Umsatz", "Beginn", "Newsletter", "gek\u00fcndigt"]


def bank_rows(number: int = 200, *, seed: int = 1) -> list[list[str]]:
    draw = Random(seed)
    rows = []
    for place in range(number):
        opened = f"20{draw.randrange(15, 24)}-{draw.randrange(1, 13):02d}-{draw.randrange(1, 29):02d}"
        balance = "" if place % 10 == 3 else f"{draw.uniform(0, 250_000):.2f}"
        card = draw.choice(["TRUE", "FALSE"])
        surname = "".join(draw.choices("abcdefghij", k=7)).title()
        land = draw.choice(["France", "Germany", "Spain"])
        exited = "1" if place % 5 == 0 else "0"
        rows.append(
            [
                str(place + 1),
                str(15_600_000 + 37 * place),
                surname,
                land,
                opened,
                balance,
                card,
                "Main",
                exited,
            ]
        )
    return rows


def german_rows(number: int = 120) -> list[list[str]]:
    return [
        [
            f"K-{place:04d}",
            ("Basis", "Plus", "Profi")[place % 3],
            f"{1 + place % 9}.{100 + 7 * place},{place % 100:02d}",
            f"{1 + place % 28:02d}.{1 + place % 12:02d}.2023",
            ("ja", "nein")[place % 2],
            ("nein", "ja", "nein", "nein")[place % 4],
        ]
        for place in range(number)
    ]


def write_bank(path: Path, rows: list[list[str]] | None = None) -> Path:
    return write_table(path, rows or bank_rows(), header=BANK)


def write_german(path: Path, rows: list[list[str]] | None = None) -> Path:
    return write_table(path, rows or german_rows(), header=GERMAN, delimiter=";")


def inferred(path: Path):
    return infer_table(path, preview_table(path))


def planned(path: Path, **changes):
    found = inferred(path)
    return freeze(found, replace(suggest(found), **changes))


def loaded(path: Path, plan, **options):
    """Return the report and the rows of a file that is learned from."""
    schema = plan.table_schema(name="own", purpose="train")
    report = check_table(path, schema, purpose="train", **options)
    return report, load_frame(path, report.spec, schema)
