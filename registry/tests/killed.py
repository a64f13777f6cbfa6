"""Change what serves a company in a process that kills itself at a fault point.

Points, in the order in which a change passes them: ``lock`` (nothing is held yet), ``row:1`` (a row of
deployments is written, its line is not), ``line:1`` (its line is), and so on for a change of two versions,
``commit`` (everything is written, nothing is committed), ``acknowledge`` (committed, and nobody has heard of
it).
"""

import os
import signal

from django.db import connection, connections


def killed_at(point, change, *, half_committed=False):
    """Do `change` in a child process that is killed at `point`, and say by which signal it ended.

    With `half_committed` what was written until then stays, as if there were no transaction: for the proof
    that a check would notice.
    """
    # Neither process may use what the other one opened.
    connections.close_all()
    child = os.fork()
    if not child:
        try:
            _arm(point, _commit_and_die if half_committed else _die)
            change()
        finally:
            os._exit(0)  # it came past the point alive
    _, status = os.waitpid(child, 0)
    return os.WTERMSIG(status)


def _arm(point, die):
    from registry.models import ModelDeployment
    from registry.services import deployments

    name, _, wanted = point.partition(":")
    if name == "lock":
        deployments.lock_company = die
    elif name == "row":
        # `create` ends in it, and so does closing a row.
        ModelDeployment.save = _then(die, ModelDeployment.save, int(wanted))
    elif name == "line":
        deployments.write_line = _then(die, deployments.write_line, int(wanted))
    elif name == "commit":
        connection.ensure_connection()
        connection._commit = die
    elif name == "acknowledge":
        connection._commit = _then(die, connection._commit, 1)
    else:
        raise ValueError(f"There is no fault point {point!r}.")


def _die(*args, **kwargs):
    os.kill(os.getpid(), signal.SIGKILL)


def _commit_and_die():
    connection.connection.commit()
    _die()


def _then(die, original, wanted):
    calls = 0

    def counted(*args, **kwargs):
        nonlocal calls
        answer = original(*args, **kwargs)
        calls += 1
        if calls == wanted:
            die()
        return answer

    return counted
