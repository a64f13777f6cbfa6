"""Where our lockout differs from that of django-axes."""

from axes.handlers.database import AxesDatabaseHandler
from axes.models import AccessAttempt
from django.db.models import Sum

from companies.models import normalise_email

# Many people may sit behind one network address, so it may fail this much more often than one account.
ADDRESS_FACTOR = 4


def username_of(request, credentials):
    """Return the one spelling of the address somebody logs in with, whichever form it came from."""
    credentials = credentials or {}
    given = credentials.get("email") or credentials.get("username")
    if not given:
        given = request.POST.get("login") or request.POST.get("username") or ""
    return normalise_email(given)[:255]


def address_of(request):
    """Return from where a login comes, as the server says.

    The library can be set to ask headers, in which anybody may write another address for each try.
    """
    return request.META.get("REMOTE_ADDR") or None


class LockoutHandler(AxesDatabaseHandler):
    """Counts failures per account, and with more patience per network address."""

    def get_failures(self, request, credentials=None):
        by_account, by_address = (
            attempts.aggregate(failures=Sum("failures_since_start"))["failures"] or 0
            for attempts in self.get_user_attempts(request, credentials)
        )
        return max(by_account, by_address // ADDRESS_FACTOR)

    def reset_user_attempts(self, request, credentials=None):
        # Only what failed under this very account. Otherwise who guesses at one account could wipe the count
        # by logging in to another one from the same address in between.
        count, _ = AccessAttempt.objects.filter(username=username_of(request, credentials)).delete()
        return count
