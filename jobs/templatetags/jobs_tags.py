from django import template
from django.utils import timezone

register = template.Library()


@register.filter
def time_left(job):
    """How long the current step of `job` still goes on, as a timedelta; None while that is a guess."""
    return job.time_left(at=timezone.now())
