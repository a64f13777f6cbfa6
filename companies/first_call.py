"""What the page of the API says first: how a program calls, with the reader's own key."""

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from companies.access import member_of
from companies.selectors import usable_keys_of


def how_to_call(request: HttpRequest) -> dict:
    """Return who reads, the keys that are the reader's own, and the address of the first call."""
    member = member_of(request)
    keys = []
    if member and member.is_developer:
        keys = list(usable_keys_of(member.account, company=member.company, at=timezone.now()))
    try_url = request.build_absolute_uri(reverse("companies:api_caller"))
    return {"member": member, "keys": keys, "try_url": try_url}
