"""What happened, told to whom it concerns: written with the change itself, and told until it worked.

A lower floor publishes by name; an upper one subscribes in its ``apps.py``. An event is told after the commit
and, where that failed or the process was killed before, again by the clock. So a subscriber may be told
twice, and does nothing the second time. What must be true in the same instant is no event, but a call
downwards.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F

from core.errors import Conflict
from core.models import UntoldEvent

logger = logging.getLogger(__name__)

# Nobody else tells an event within this time after somebody began to: longer than any subscriber needs.
TURN = timedelta(minutes=5)
SHORTEST_WAIT, LONGEST_WAIT = timedelta(seconds=5), timedelta(hours=1)
AT_ONCE = 50

Reaction = Callable[..., None]
_subscribers: dict[str, dict[str, Reaction]] = {}


class NotTold(Conflict):
    code = "not-told"


def subscribe(event: str, *, name: str, react: Reaction) -> None:
    """Call `react` for every `event` from now on, with its ids by name and `at`, the instant of the call.

    Parameters
    ----------
    name
        By which rows know the subscriber; it outlives a renamed function.
    """
    _subscribers.setdefault(event, {})[name] = react


def publish(event: str, *, about: str, at: datetime, **ids: str | int) -> None:
    """Write down that `event` happened, in the transaction of the change, and tell it once that is stored.

    Parameters
    ----------
    about
        The key of whom it concerns, by which `forget` finds it.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("An event is published in the transaction of what happened.")
    for name in _subscribers.get(event, ()):
        row = UntoldEvent.objects.create(
            event=event, subscriber=name, ids=ids, about=about, happened_at=at, due_at=at
        )
        # Robust: what happened is stored by then, whatever becomes of those who are told.
        transaction.on_commit(partial(tell, row.pk, at=at), robust=True)


def forget(*, about: str) -> None:
    """Take back what is still to be told about somebody who goes."""
    UntoldEvent.objects.filter(about=about).delete()


def tell(event_id: UUID, *, at: datetime) -> bool:
    """Tell one event, if it is due and nobody else is telling it; False where it is still to be told."""
    row = UntoldEvent.objects.filter(pk=event_id, due_at__lte=at).first()
    if row is None or not _take_turn(row, at=at):
        return not UntoldEvent.objects.filter(pk=event_id).exists()
    try:
        _reaction(row)(**row.ids, at=at)
    except Exception as error:
        logger.exception("Event %s was not told: it will be tried again.", row)
        _put_off(row, error, at=at)
        return False
    UntoldEvent.objects.filter(pk=row.pk).delete()
    return True


def tell_due(*, at: datetime) -> int:
    """Tell what is due, the oldest first, and return how many of them worked."""
    due = UntoldEvent.objects.filter(due_at__lte=at).values_list("pk", flat=True)
    return sum(tell(event_id, at=at) for event_id in list(due[:AT_ONCE]))


def tell_now(*, event: UntoldEvent, at: datetime) -> None:
    """Tell `event` without waiting for its time.

    Raises
    ------
    NotTold
        It failed again, or somebody is at it in this moment.
    """
    UntoldEvent.objects.filter(pk=event.pk).update(due_at=at)
    if tell(event.pk, at=at):
        return
    left = UntoldEvent.objects.filter(pk=event.pk).first()
    if left:
        why = (left.error or "somebody is at it in this moment").rstrip(".")
        raise NotTold(f"It is still to be told: {why}. Look into the log of the server, then try again.")


def _take_turn(row, *, at):
    # Of several who read the same row, one changes it.
    return UntoldEvent.objects.filter(pk=row.pk, attempts=row.attempts, due_at__lte=at).update(
        attempts=F("attempts") + 1, due_at=at + TURN
    )


def _reaction(row) -> Reaction:
    try:
        return _subscribers[row.event][row.subscriber]
    except KeyError:
        raise LookupError("This installation has no part that wants to know of it.") from None


def _put_off(row, error, *, at):
    wait = min(SHORTEST_WAIT * 2 ** min(row.attempts, 20), LONGEST_WAIT)
    UntoldEvent.objects.filter(pk=row.pk).update(
        due_at=at + wait, error=f"{type(error).__name__}: {error}"[:500]
    )
