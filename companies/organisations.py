"""Interfaces that name the company in the address: ``/organizations/<org>/``, by its ID or its UUID."""

from django.http import Http404

from companies.models import Company


def is_named(company: Company, org: str) -> bool:
    """Tell whether `org` is the ID or the UUID of `company`, however its letters are written."""
    return org.casefold() in (company.pk.casefold(), str(company.uuid), company.uuid.hex)


class OfOrganisation:
    """For API views below ``/organizations/<org>/``: opens the company of the caller and no other.

    A company that is not the caller's and one that does not exist answer alike.
    """

    def initial(self, request, *args, **kwargs):
        super().initial(request, *args, **kwargs)
        if not is_named(request.member.company, kwargs["org"]):
            raise Http404
