"""Read a file in a process of its own, and tell what became of that in the words of this package."""

from __future__ import annotations

from sandbox.child import ChildRefused, TooMuchMemory, TooSlow, run_in_child
from tabular.errors import TableError


def read_in_child(function: str, kwargs: dict, **limits) -> object:
    """Do `sandbox.child.run_in_child` with a function that reads a file and raises `TableError`.

    Raises
    ------
    TableError
        What the function raised, or ``too_much_memory`` or ``too_slow``.
    sandbox.child.ChildStopped, sandbox.child.ChildFailed
        Somebody stopped it, or it has a bug.
    """
    try:
        return run_in_child(function, kwargs, **limits)
    except ChildRefused as refused:
        raise TableError.from_dict(refused.refusal) from None
    except TooMuchMemory as limit:
        raise TableError(
            "too_much_memory",
            f"Reading the file takes more than {limit.memory_bytes / 1e6:,.0f} MB of memory. Split it and "
            "upload the parts.",
        ) from limit
    except TooSlow as limit:
        raise TableError(
            "too_slow",
            f"Reading the file takes longer than {limit.seconds:,.0f} seconds. Split it and upload the "
            "parts.",
        ) from limit
