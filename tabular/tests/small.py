"""A small schema and small files for tests that vary one thing."""

from pathlib import Path

from tabular.values.schema import BlankRule, Column, TableSchema, TrainingRules

SMALL = TableSchema(
    "small",
    (
        Column("id", "id"),
        Column("plan", "category", categories=("Basic", "Pro")),
        Column("months", "number", minimum=0, maximum=1200, integer=True, usual_maximum=72),
        Column("total", "number", blank_means=BlankRule(0, "months", 0)),
        Column("left", "label", required=False),
    ),
    training=TrainingRules(minimum_rows=4, minimum_per_class=2),
)
HEADER = ["id", "plan", "months", "total", "note", "left"]


def row(name="a", plan="Basic", months="3", total="9.5", note="", left="No") -> list[str]:
    return [name, plan, months, total, note, left]


def write_table(path: Path, rows, *, header=HEADER, delimiter=",", eol="\n", quote_all=False) -> Path:
    def written(cell: str) -> str:
        if quote_all or any(special in cell for special in f'{delimiter}"\r\n'):
            return '"' + cell.replace('"', '""') + '"'
        return cell

    lines = [delimiter.join(map(written, cells)) + eol for cells in [header, *rows]]
    path.write_bytes("".join(lines).encode())
    return path
