"""Requests that begin and do not come on: whoever opens many of them would keep everybody else out."""

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol


class PatientProtocol(H11Protocol):
    """Ends a connection whose request stands still; by itself uvicorn waits for the rest of it for ever.

    The head of a request has `patience` seconds in all. Of a body, at least `least_bytes` have to arrive in
    as many: a large upload over a slow line may take hours, a connection that is held open with a few bytes
    now and then may not.
    """

    patience = 30.0
    # A modem of the nineties sends three times as many.
    least_bytes = 64 * 1024

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._deadline: asyncio.TimerHandle | None = None
        self._waits_for: str | None = None
        self._arrived = 0

    def connection_made(self, transport):
        super().connection_made(transport)
        self._watch()

    def data_received(self, data):
        self._arrived += len(data)
        super().data_received(data)
        self._watch()

    def on_response_complete(self):
        super().on_response_complete()
        self._watch()

    def connection_lost(self, exc):
        self._stop_watching()
        super().connection_lost(exc)

    def _watch(self):
        """Begin to count when the client begins to owe something else than before."""
        owed = self._owed()
        if owed == self._waits_for:
            return
        self._stop_watching()
        self._waits_for = owed
        if owed:
            self._count()

    def _owed(self):
        if self.conn.their_state is h11.SEND_BODY:
            return "body"
        # Between two requests uvicorn waits for a few seconds only, and ends the connection itself.
        is_between = self.timeout_keep_alive_task is not None
        return "head" if self.conn.their_state is h11.IDLE and not is_between else None

    def _count(self):
        self._arrived = 0
        self._deadline = self.loop.call_later(self.patience, self._end_or_wait)

    def _stop_watching(self):
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = self._waits_for = None

    def _end_or_wait(self):
        comes_on = self._arrived >= self.least_bytes
        # Where we are the ones who are slow, nothing arrives because nothing is read.
        if self._waits_for == "body" and (comes_on or self.flow.read_paused):
            self._count()
        else:
            self._end()

    def _end(self):
        self._stop_watching()
        is_answered = self.cycle is not None and self.cycle.response_started
        if self.cycle is not None:
            # What reads the body learns that no more comes.
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if not is_answered or self.conn.our_state is h11.IDLE:
            self._refuse()
        self.transport.close()

    def _refuse(self):
        headers = [(b"content-length", b"0"), (b"connection", b"close")]
        answer = h11.Response(status_code=408, headers=headers, reason=b"Request Timeout")
        self.transport.write(self.conn.send(answer) + self.conn.send(h11.EndOfMessage()))
