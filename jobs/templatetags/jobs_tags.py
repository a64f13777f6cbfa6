import math

from django import template
from django.utils import timezone

from jobs.pages import result_pages
from jobs.rights import may_cancel

register = template.Library()


@register.filter
def percent_done(job):
    """How much of the whole `job` is done; None where its steps have no known weights."""
    return job.percent(at=timezone.now()) if job.plan else None


@register.filter
def steps_of(job):
    """The planned steps of `job` with what became of each; None where nobody planned them."""
    names = [name for name, _ in job.plan or ()]
    if not names:
        return None
    place = names.index(job.step) if job.step in names else 0
    states = ["done"] * place + ["current"] + ["todo"] * (len(names) - place - 1)
    return [{"label": name, "state": state} for name, state in zip(names, states, strict=True)]


@register.filter
def said_beside(job):
    """What is to be said where `job` does not go on as people were told; empty where it does."""
    said = ["begun anew"] if job.begun_anew else []
    return ", ".join([*said, "longer than thought"] if job.takes_longer(at=timezone.now()) else said)


@register.simple_tag(takes_context=True)
def wants_mail(context, job):
    """Tell whether who reads the page asked for a mail at the end of `job`."""
    member = getattr(context.get("request"), "member", None)
    return member is not None and job.mails.filter(account=member.account).exists()


@register.simple_tag(takes_context=True)
def result_page(context, job):
    """Return where the result of `job` is read; None where that is the page that shows it."""
    request = context["request"]
    url = result_pages(request.member, [job])[job.pk]
    return None if url == request.path else url


@register.filter
def time_left(job):
    """How many seconds `job` still goes on, in steps of five; None while that is a guess.

    Of the current step, where the whole is not planned. Never below ten: a finer number would promise what a
    guess cannot keep.
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
