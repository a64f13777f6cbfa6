"""The two portals, and the word in a path that says which one a page belongs to."""

from django.urls import register_converter

DEVELOPERS = "dev"
USERS = "user"

LABELS = {DEVELOPERS: "Developer portal", USERS: "User portal"}
ROLES = {DEVELOPERS: "developer", USERS: "user"}


class PortalConverter:
    """Let an app write ``path("<portal:portal>/predict/", ...)`` once for both portals."""

    regex = f"{DEVELOPERS}|{USERS}"

    def to_python(self, value):
        return value

    def to_url(self, value):
        if value not in LABELS:
            raise ValueError(f"{value!r} is no portal.")
        return value


def register():
    register_converter(PortalConverter, "portal")
