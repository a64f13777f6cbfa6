"""A process that has loaded the libraries once and is forked for each child that `sandbox.child` wants.

A child of the product loads them itself: half a second to two and a half, which a run of the tests would pay
thousands of times. What is called there, its limits and its answers are those of `sandbox.entry` either way.

    python -m tests.nursery FD MODULE...    answers requests that come through the socket FD
"""

import contextlib
import gc
import importlib
import json
import os
import select
import signal
import socket
import struct
import sys
import threading
import traceback

# With a request come stdin, stdout and stderr of the child, and where its pid and its end are told.
LONGEST_REQUEST = 1 << 16
FILES = 4
NUMBER = struct.Struct("q")


def main():
    requests = socket.socket(fileno=int(sys.argv[1]))
    for name in sys.argv[2:]:
        importlib.import_module(name)
    # Objects that no collector touches stay shared with the children.
    gc.collect()
    gc.freeze()
    woken, waker = os.pipe()
    os.set_blocking(waker, False)
    signal.set_wakeup_fd(waker)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    serve(requests, woken)
    # Without the farewell of libraries that count what they leak.
    os._exit(0)


def serve(requests, woken):
    """Fork for each request until whoever sent them is gone; tell of each child its pid and how it ended."""
    running = {}
    while True:
        ready, _, _ = select.select([requests, woken], [], [])
        if woken in ready:
            os.read(woken, 4096)
            tell_ends(running)
        if requests in ready:
            message, files, _, _ = socket.recv_fds(requests, LONGEST_REQUEST, FILES)
            if not message:
                return
            running |= begin(
                json.loads(message), files, private=[requests.fileno(), woken, *running.values()]
            )


def begin(request, files, *, private):
    # A thread that held a lock while this process is forked would hold it in the child for ever.
    if threading.active_count() != 1:
        raise RuntimeError(f"threads run before the fork: {threading.enumerate()}")
    *streams, ends = files
    pid = os.fork()
    if pid == 0:
        become(request, streams, private=[*private, ends])
    for stream in streams:
        os.close(stream)
    os.write(ends, NUMBER.pack(pid))
    return {pid: ends}


def tell_ends(running):
    while running:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        ends = running.pop(pid)
        # Perhaps nobody waits for it any more.
        with contextlib.suppress(BrokenPipeError):
            os.write(ends, NUMBER.pack(os.waitstatus_to_exitcode(status)))
        os.close(ends)


def become(request, streams, *, private):
    """Be what `python -m sandbox.entry` would be, in this fork."""
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for descriptor in private:
            os.close(descriptor)
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
            os.close(stream)
        os.setsid()
        os.chdir(request["folder"])
        os.environ.clear()
        os.environ.update(request["environment"])
        sys.stdin = os.fdopen(0, closefd=False)
        forget_randomness()
        importlib.import_module("sandbox.entry").main()
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
    os._exit(1)


def forget_randomness():
    # Two children must not draw alike where they were given no seed.
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()


if __name__ == "__main__":
    main()
