"""The customer base that an address or a request names; one of another company is not there, for any door."""

from uuid import UUID

from django.http import Http404

from companies.models import Company
from registry.models import Population
from registry.selectors import population_for, population_named, purchases_base


def base_or_404(company: Company, uuid: UUID | str) -> Population:
    """Return the base of that UUID, an archived one too: old results lead to it."""
    try:
        return population_for(company, uuid)
    except Population.DoesNotExist as error:
        raise Http404 from error


def named_base_or_404(company: Company, name: str) -> Population:
    """Return the base of that name or UUID; where none is named, that of the installation."""
    try:
        return population_named(company, name)
    except Population.DoesNotExist as error:
        raise Http404 from error


def log_base_or_404(company: Company, name: str) -> Population | None:
    """Return the base of purchases of that name or UUID; where none is named, the first of the company, or
    None before the first log.
    """
    if not name:
        return purchases_base(company)
    found = named_base_or_404(company, name)
    if not found.is_log or found.is_archived:
        raise Http404
    return found
