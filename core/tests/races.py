"""Several calls in the same instant."""

import threading
from concurrent.futures import ThreadPoolExecutor

from django.db import connections

PATIENCE_SECONDS = 120


def at_once(*calls):
    """Start all calls together, each with a connection of its own; return what they returned, in their order.

    When all have ended, the first fault is raised.
    """
    if not calls:
        return []
    barrier = threading.Barrier(len(calls))

    def run(call):
        try:
            barrier.wait(timeout=PATIENCE_SECONDS)
            return call()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))
