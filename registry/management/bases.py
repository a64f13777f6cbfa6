"""The customer base that a command is about."""

from django.core.management.base import CommandError

from companies.models import Company
from registry.models import Population
from registry.selectors import population_named


def add_base_argument(parser, *, default: str = "the telecom base") -> None:
    """Let who calls name the base; `default` is which one is meant where nobody does."""
    parser.add_argument(
        "--base",
        default="",
        metavar="NAME",
        help=f"customer base, by name or UUID; default: {default}",
    )


def find_base(company: Company, name: str) -> Population:
    """Return the base of `company` by the name or UUID that was typed."""
    try:
        return population_named(company, name)
    except Population.DoesNotExist as error:
        raise CommandError(str(error)) from error
