import math

from django import template
from django.utils import timezone

from jobs.rights import may_cancel

register = template.Library()


@register.filter
def time_left(job):
    """How many seconds the current step of `job` still goes on, in steps of five; None while that is a guess.

    Never below ten: a finer number would promise what a guess cannot keep.
    """
    left = job.time_left(at=timezone.now())
    return None if left is None else max(10, 5 * math.ceil(left.total_seconds() / 5))


@register.filter
def waits_for(job):
    """Say what `job` still waits for: the first two by name, the others by their number."""
    named = [f"“{name}”" for name in job.awaited]
    if not named:
        return "Waiting for its turn"
    if len(named) > 2:
        named[2:] = [f"{len(named) - 2} more"]
    return f"Waits for {', '.join(named[:-1])} and {named[-1]}" if named[1:] else f"Waits for {named[0]}"


@register.simple_tag(takes_context=True)
def can_be_cancelled(context, job):
    """Tell whether who reads the page may cancel `job`."""
    return may_cancel(job, getattr(context.get("request"), "member", None))
