"""Messages as files in a folder: kombu's transport, with messages that appear whole or not at all."""

import contextlib
import os
import time
import uuid
from collections import deque
from functools import cached_property
from pathlib import Path
from queue import Empty

from kombu.transport import filesystem
from kombu.utils.encoding import bytes_to_str, str_to_bytes
from kombu.utils.json import dumps, loads


class Channel(filesystem.Channel):
    """Differs from kombu's in three ways, all about processes that meet or die at the wrong moment.

    kombu opens the file under its final name and then fills it: a worker that lists the folder in between
    reads an empty message, fails on it and ends; the table of queues has the same gap. And it moves each
    message through the temporary folder that the whole machine shares.
    """

    @property
    def data_folder_in(self):
        folder = Path(self.transport_options["data_folder_in"])
        # At the first start nobody has made it yet, and somebody may remove it at any time.
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @property
    def data_folder_out(self):
        return self.data_folder_in

    def _put(self, queue, payload, **kwargs):
        folder = self.data_folder_out
        # Nanoseconds since 1970 with a fixed number of digits: sorted by name is sorted by age, also after a
        # restart of the machine.
        name = f"{time.time_ns():020d}_{uuid.uuid4()}.{queue}.msg"
        _write_whole(folder / name, payload)

    def _get(self, queue):
        folder = self.data_folder_in
        listed = self._listed.setdefault(queue, deque())
        if not listed:
            # Listed once and worked off: after a day without a worker there may be thousands.
            ending = f".{queue}.msg"
            waiting = (name for name in os.listdir(folder) if name.endswith(ending))
            listed.extend(sorted(name for name in waiting if not name.startswith(".")))
        while listed:
            name = listed.popleft()
            taken = folder / f".{name}.{uuid.uuid4()}.taken"
            try:
                # Renaming is the claim: of several workers one succeeds.
                os.rename(folder / name, taken)
            except FileNotFoundError:
                continue
            content = taken.read_bytes()
            taken.unlink()
            return loads(bytes_to_str(content))
        raise Empty

    @cached_property
    def _listed(self):
        return {}

    def _queue_bind(self, exchange, routing_key, pattern, queue):
        file = self._exchange_file(exchange)
        self.control_folder.mkdir(parents=True, exist_ok=True)
        with open(self.control_folder / ".lock", "wb") as guard:
            filesystem.lock(guard, filesystem.LOCK_EX)
            bound = self.get_table(exchange)
            entry = filesystem.exchange_queue_t(routing_key or "", pattern or "", queue or "")
            if entry not in bound:
                _write_whole(file, [entry, *bound])


def _write_whole(path, content):
    draft = path.with_name(f".{path.name}.draft")
    try:
        draft.write_bytes(str_to_bytes(dumps(content)))
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)


class Transport(filesystem.Transport):
    """Lets the worker run its event loop, as it does on Redis.

    Without one, the processes of its pool share a single pipe and the lock of it: whoever is killed while it
    waits for work keeps the lock, and no other process ever gets work again.
    """

    implements = filesystem.Transport.implements.extend(asynchronous=True)
    Channel = Channel

    def register_with_event_loop(self, connection, loop):
        loop.call_repeatedly(self.polling_interval, self._deliver_waiting, connection)

    def _deliver_waiting(self, connection):
        # Timeout 0: without a message, or with as many under way as the worker wants, it comes back at once.
        with contextlib.suppress(TimeoutError):
            while True:
                self.drain_events(connection, timeout=0)
