"""What every page knows: its reader (`portal`, `member`, `navigation`) and the `mail_folder`."""

from collections import Counter
from pathlib import Path

from django.conf import settings
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from companies.access import member_of
from companies.frame import frame_sections
from companies.navigation import pages_for
from companies.selectors import count_waiting


def portal(request):
    # An error page may be rendered before the middleware has put a session and a user on the request.
    member = member_of(request) if hasattr(request, "user") and hasattr(request, "session") else None
    if member is None:
        return {"portal": None, "member": None, "navigation": []}
    return {
        "portal": member.portal,
        "member": member,
        "navigation": _navigation(request.path, member),
        "above_page": SimpleLazyObject(lambda: frame_sections.for_page(request)),
        "home_url": reverse("companies:home", kwargs={"portal": member.portal}),
    }


def _navigation(path, member):
    counts = {"companies:people": count_waiting(member.company)} if member.is_developer else {}
    entries = [
        {
            "label": page.label,
            "url": reverse(page.view, kwargs={"portal": member.portal}),
            "count": counts.get(page.view, 0),
            "group": page.group,
        }
        for page in pages_for(member)
    ]
    # A heading above a single entry says everything twice.
    sizes = Counter(entry["group"] for entry in entries)
    for entry in entries:
        if sizes[entry["group"]] == 1:
            entry["group"] = ""
    home = reverse("companies:home", kwargs={"portal": member.portal})
    current = _current([entry["url"] for entry in entries], path, home)
    return [{**entry, "current": entry["url"] == current} for entry in entries]


def _current(urls, path, home):
    """Return the address that `path` stands below: of /dev/retrain/ also /dev/retrainings/."""
    if path == home:
        return home
    # Every page of the portal begins with the path of Home, so Home is current on its own page only. Where
    # two fit, as /dev/predict/ and /dev/predictions/, the longer one is meant.
    fitting = [url for url in urls if url != home and path.startswith(url.rstrip("/"))]
    return max(fitting, key=len, default=None)


def mail_folder(request):
    """Say where mails lie if this installation has no mail server: whoever tries it out needs them."""
    if settings.EMAIL_BACKEND != "django.core.mail.backends.filebased.EmailBackend":
        return {"mail_folder": None}
    folder = Path(settings.EMAIL_FILE_PATH)
    inside = folder.is_relative_to(settings.BASE_DIR)
    # Where the operator put it elsewhere, the place is nobody else's business.
    return {"mail_folder": folder.relative_to(settings.BASE_DIR) if inside else "MAIL_DIR"}
