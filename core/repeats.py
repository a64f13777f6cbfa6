"""The second of two clicks, or another window: what a form asks for is done already."""

from collections.abc import Callable
from functools import wraps

from django.contrib import messages
from django.shortcuts import redirect

from core.errors import DomainError


def done_once(*done_before: type[DomainError], to: Callable) -> Callable:
    """Show what is, to whoever sends a form whose change is made already: the form speaks of what was.

    Parameters
    ----------
    done_before
        The refusals that say so.
    to
        Takes the request and returns the address where the change shows.
    """

    def guard(view):
        @wraps(view)
        def answer(request, *args, **kwargs):
            try:
                return view(request, *args, **kwargs)
            except done_before as found:
                if request.method != "POST":
                    raise
                messages.info(request, found.message)
                return redirect(to(request))

        return answer

    return guard
