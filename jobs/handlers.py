"""Which function does which work. Apps register theirs in `tasks.py`, which only the worker imports."""

from collections.abc import Callable

from core.errors import DomainError

_handlers: dict[str, Callable] = {}


class UnknownTask(DomainError):
    code = "unknown-task"


def handler(name: str):
    """Register the decorated function as the one that does task `name`; it gets a `jobs.runner.JobRun`.

    It may be called more than once for one job (its worker was killed), and twice at the same time for a
    moment (its worker was only thought dead). So it writes nothing that people see before `run.finish()`,
    and names its temporary files after `run.attempt`.
    """

    def register(function):
        known = _handlers.get(name)
        if known is not None and known.__module__ != function.__module__:
            raise ValueError(f"Task {name!r} is registered by {known.__module__} and {function.__module__}.")
        _handlers[name] = function
        return function

    return register


def find_handler(name: str) -> Callable:
    try:
        return _handlers[name]
    except KeyError:
        raise UnknownTask(
            f"This installation has no part that can do “{name}”. "
            "Ask its operator to run the worker and the web process from one release."
        ) from None
