import math

from django import template
from django.utils import timezone

register = template.Library()


@register.filter
def time_left(job):
    """How many seconds the current step of `job` still goes on, in steps of five; None while that is a guess.

    Never below ten: a finer number would promise what a guess cannot keep.
    """
    left = job.time_left(at=timezone.now())
    return None if left is None else max(10, 5 * math.ceil(left.total_seconds() / 5))
