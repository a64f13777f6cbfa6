"""Small purchase logs with known contents."""

import random
from datetime import date, timedelta

from django.core.files.base import ContentFile
from django.utils import timezone

from core.files.store import local_copy, store_file
from core.files.stored import DATASETS
from ml.logs.profile import profile_events
from tabular.logs.events import import_events
from transactions.files import new_events, scratch_folder
from transactions.services.importing import freeze_mapping

FIRST_DAY = date(2024, 1, 1)


def lines_of_log(*, customers=40, days=300, seed=7, delimiter=",", write_day=str, with_faults=False):
    """Return the lines of a log: two customers in three stay to the end, the others leave halfway."""
    random.seed(seed)
    rows = []
    for number in range(customers):
        day, leaves = FIRST_DAY + timedelta(days=number % 20), number % 3 == 0
        while day < FIRST_DAY + timedelta(days=days // 2 if leaves else days):
            amount = f"{random.uniform(5, 90):.2f}"
            rows.append([f"C{number:03d}", write_day(day), amount, random.choice(("tea", "coffee", "cake"))])
            day += timedelta(days=random.randint(8, 25))
    if with_faults:
        rows.append(["", write_day(FIRST_DAY), "5.00", "tea"])  # nobody
        rows.append(["C001", "someday", "5.00", "tea"])
        rows.append(["C001", write_day(FIRST_DAY + timedelta(days=40)), "-5.00", "tea"])  # a return
        rows.append(rows[0])  # an exact duplicate
    return [delimiter.join(row) for row in (["customer", "bought on", "paid", "category"], *rows)]


def log_file(name="log.csv", **options):
    return ContentFile(("\n".join(lines_of_log(**options)) + "\n").encode(), name=name)


MAPPING = {"customer_id": "customer", "event_at": "bought on", "amount": "paid", "category": "category"}


def read_here(analysis, mapping=MAPPING):
    """Read a log in this process and without a job, as the job would; return it."""
    spec = freeze_mapping(analysis=analysis, mapping=mapping, date_order=None)
    events, rejects = new_events(analysis.company)
    with local_copy(DATASETS, analysis.dataset.file_path) as source, scratch_folder() as folder:
        made = {"events_path": folder / "events", "rejects_path": folder / "rejects"}
        report = import_events(source, spec, **made, now=timezone.now())
        store_file(DATASETS, events, made["events_path"])
        if report.rejected:
            store_file(DATASETS, rejects, made["rejects_path"])
    analysis.mapping, analysis.parse_spec = mapping, spec.to_dict()
    analysis.import_report = report.to_dict()
    analysis.events_path, analysis.rejects_path = events, rejects if report.rejected else ""
    analysis.state = analysis.State.READY
    analysis.save()
    return analysis


def describe_here(analysis):
    """Give a log that was read its profile, as the job would; return it."""
    with local_copy(DATASETS, analysis.events_path) as events:
        analysis.profile = profile_events(events, report=analysis.import_report)
    analysis.save(update_fields=["profile"])
    return analysis
