"""Writing where somebody waits who must not wait long."""

from contextlib import contextmanager

from django.db import connection

# Shorter than what a check of `/health` may take in all.
PATIENCE_MS = 3_000


@contextmanager
def in_a_hurry():
    """Let what is written inside wait seconds, and no longer, for what others write into the database.

    The connection of this thread ends with it: whoever comes after waits as long as the settings say.
    """
    try:
        if connection.vendor == "sqlite":
            with connection.cursor() as cursor:
                cursor.execute(f"PRAGMA busy_timeout = {PATIENCE_MS}")
        yield
    finally:
        connection.close()
