"""The members of a gym, as a company of its own writes them, and the way from its file to a first version."""

from dataclasses import replace
from random import Random

import pytest
from django.core.files.base import ContentFile

from companies.identity import membership
from registry.tests.factories import NOON
from tabular.snapshots.plan import suggest
from training.models import TrainingRun
from training.services.own_tables import look_at_table, start_first_training
from training.tests.uploads import to_csv

HEADER = ["Member no", "Plan", "Joined", "Visits", "Fee", "Newsletter", "Left"]
RARE = ("Student", "Staff", "Trial")


def gym(rows=400, *, seed=1, prefix="M", start=0):
    """Return a table of members with a header; who comes rarely and pays much leaves."""
    draw = Random(seed)
    return [HEADER, *(_member(draw, f"{prefix}-{number + start:05d}") for number in range(rows))]


def _member(draw, name):
    plan = draw.choices(["Basic", "Plus", "Gold", *RARE], [50, 30, 15, 2, 2, 1])[0]
    visits, fee = draw.randrange(0, 30), round(draw.uniform(10, 90), 2)
    leaves = draw.random() < 1 / (1 + 2.7 ** (visits / 4 - fee / 20 - (plan == "Gold")))
    joined = f"{draw.randrange(1, 29):02d}.{draw.randrange(1, 13):02d}.{draw.randrange(2018, 2026)}"
    cells = {
        "Plan": "" if draw.random() < 0.12 else plan,
        "Joined": "" if draw.random() < 0.03 else joined,
        "Visits": "" if draw.random() < 0.1 else str(visits),
        "Fee": f"{fee:.2f}".replace(".", ","),
        "Newsletter": draw.choice(["yes", "no"]),
        "Left": "gone" if leaves else "here",
    }
    return [name, *cells.values()]


def without(table, *columns):
    """Return a table without some of its columns."""
    kept = [place for place, name in enumerate(table[0]) if name not in columns]
    return [[row[place] for place in kept] for row in table]


def with_column(table, name, cell):
    """Return a table with one more column before the last; `cell` makes it of a row as a mapping."""
    rows = [[*row[:-1], cell(dict(zip(table[0], row, strict=True))), row[-1]] for row in table[1:]]
    return [[*table[0][:-1], name, table[0][-1]], *rows]


def as_file(table, name="gym.csv"):
    return ContentFile(to_csv(table), name=name)


@pytest.fixture
def look(developer):
    """Return a function that looks at a table as the company's developer."""

    def look(table, *, account=developer, name="gym.csv"):
        return look_at_table(member=membership(account), upload=as_file(table, name))

    return look


@pytest.fixture
def begin(look, developer, model_types):
    """Return a function that starts the first training of a table by what is suggested, but for `changes`."""

    def begin(table, *, account=developer, changes=None, name="gym.csv", **options):
        seen = look(table, account=account, name=name)
        return start_first_training(
            member=membership(account),
            token=seen.token,
            base_name=options.pop("base_name", ""),
            choices=replace(suggest(seen.inferred), **(changes or {})),
            model_type=options.pop("model_type", "logistic_regression"),
            at=options.pop("at", NOON),
            **options,
        )

    return begin


@pytest.fixture
def first_trained(begin, do_jobs):
    """Return a function that does a first training to its end."""

    def finish(table, **options):
        run = begin(table, **options)
        do_jobs()
        return TrainingRun.objects.with_related().get(pk=run.pk)

    return finish


@pytest.fixture
def trained_again(do_jobs, developer):
    """Return a function that retrains a base with another table, to its end."""
    from training.services.retraining import start_retraining

    def finish(population, table, *, account=developer, **options):
        run = start_retraining(
            member=membership(account),
            upload=as_file(table),
            reason="The next month",
            population=population,
            at=options.pop("at", NOON),
            **options,
        )
        do_jobs()
        return TrainingRun.objects.with_related().get(pk=run.pk)

    return finish
