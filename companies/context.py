"""What every page knows about its reader: `portal`, `member` and the `navigation` of that portal."""

from django.conf import settings
from django.urls import reverse

from companies.access import member_of
from companies.selectors import waiting_people


def portal(request):
    # An error page may be rendered before the middleware has put a session and a user on the request.
    member = member_of(request) if hasattr(request, "user") and hasattr(request, "session") else None
    if member is None:
        return {"portal": None, "member": None, "navigation": []}
    return {
        "portal": member.portal,
        "member": member,
        "navigation": _navigation(request.path, member),
        "home_url": reverse("companies:home", kwargs={"portal": member.portal}),
    }


def _navigation(path, member):
    # Counted here and not by the page, because the number stands beside "People" on every page.
    counts = {"companies:people": waiting_people(member.company).count()} if member.is_developer else {}
    entries = [
        {
            "label": label,
            "url": reverse(name, kwargs={"portal": member.portal}),
            "count": counts.get(name, 0),
        }
        for label, name, portals in settings.PORTAL_NAVIGATION
        if member.portal in portals
    ]
    # The longest entry that the path begins with is where the reader is; Home begins them all.
    inside = [entry for entry in entries if path.startswith(entry["url"])]
    here = max(inside, key=lambda entry: len(entry["url"]), default=None)
    return [{**entry, "current": entry is here} for entry in entries]
