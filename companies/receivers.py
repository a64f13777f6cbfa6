"""What happens when somebody logged in or confirmed an address, whichever door it was."""

from django.contrib.auth.signals import user_logged_in

from companies.access import membership


def bind_session_to_portal(sender, request, user, **kwargs):
    """Open the session for one role: a session that was opened for another one is none."""
    member = membership(user)
    if member:
        request.session["portal"] = member.portal


def connect():
    user_logged_in.connect(bind_session_to_portal, dispatch_uid="companies.bind_session_to_portal")
