"""A year of a coffee shop, in pieces: what the tests that score it are made of, and how they read results."""

import csv
import io
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from core.files.media import readable_path
from ml.samples.sample_logs import make_sample_log
from registry.engines.exported import read_exported
from tabular.logs.events import import_events
from tabular.logs.mapping import freeze, guess_mapping
from tabular.previews.preview import preview_table
from training.engines.purchases import learn
from transactions.models import AnalysisSession

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
# The log ends with the year; horizons of 60 days end before it does.
SPRING, LATER = "2024-09-15", "2024-12-10"


def rows_of_a_year():
    return list(csv.DictReader(io.StringIO(make_sample_log("coffee_shop", customers=700).decode())))


def written(rows):
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def finish(do_jobs):
    while jobs := do_jobs():
        assert [job.error for job in jobs] == [None] * len(jobs)


def csv_of(relative):
    return list(csv.DictReader(readable_path(relative).open(encoding="utf-8-sig")))


def log_of(run):
    return AnalysisSession.objects.get(pk=run.input_data["analysis"])


def until(year, day, since=""):
    return [row for row in year if since <= row["event_date"] < day]


def learn_spring(*, model_type="logistic_regression", feature_set="rfm_v2"):
    """Return what a training on the log of spring leaves, as the job of the training would."""
    with TemporaryDirectory() as folder:
        log, events = Path(folder, "log.csv"), Path(folder, "events.parquet")
        log.write_bytes(written(until(rows_of_a_year(), SPRING)))
        preview = preview_table(log)
        spec = freeze(preview, {role: guess.column for role, guess in guess_mapping(preview).items()})
        import_events(log, spec, events_path=events, rejects_path=Path(folder, "rejects.csv"), now=NOON)
        learn(
            folder=folder,
            events=str(events),
            feature_set=feature_set,
            as_of=None,
            labels="definition",
            definition={"horizon_days": 60, "gap_days": 0, "active_window_days": None, "confirmed": True},
            model_type=model_type,
            params={},
            on_progress=lambda *_: None,
        )
        return read_exported(Path(folder))
