"""What runs in the child of `sandbox.child`: answer one request, and end."""

from __future__ import annotations

import importlib
import json
import os
import sys
import threading
import traceback
from pathlib import Path

try:
    import resource
except ImportError:  # not on this system: the parent's watch has to do
    resource = None


def main() -> None:
    """Answer one request."""
    # Whatever a library prints must not reach the protocol.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    request = json.loads(sys.stdin.buffer.readline())
    _limit(request["address_space"])
    _end_with_parent()

    def answer(**said) -> None:
        answers.write(json.dumps(said, allow_nan=False) + "\n")
        answers.flush()

    try:
        _do(request, answer)
    except MemoryError:
        answer(out_of_memory=True)
    except Exception:
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
    # Not through the interpreter's shutdown: threads may still parse blocks that nobody waits for.
    os._exit(0)


def _do(request, answer):
    def on_progress(step: str, done: int, total: int) -> None:
        answer(progress=[step, done, total])

    module, _, name = request["function"].partition(":")
    function = getattr(importlib.import_module(module), name)
    leave_pandas_out()
    try:
        result = function(**request["kwargs"], on_progress=on_progress)
    except Exception as error:
        if not hasattr(error, "as_dict"):
            raise
        answer(refusal=error.as_dict())
    else:
        answer(result=result, peak_bytes=_peak_bytes())


def leave_pandas_out() -> None:
    """Where the function does without pandas, keep pyarrow from importing it at its first array.

    It would, wherever pandas is installed: 0.4 s and 30 MB for the question whether a list is a Series.
    Whoever imports pandas later, or calls `to_pandas`, still gets it.
    """
    if "pyarrow" not in sys.modules or "pandas" in sys.modules:
        return
    sys.meta_path.insert(0, _NoPandas())
    try:
        sys.modules["pyarrow"].array([])
    finally:
        del sys.meta_path[0]


class _NoPandas:
    def find_spec(self, name, path=None, target=None):
        if name == "pandas":
            raise ModuleNotFoundError(name)


def _limit(address_space: int) -> None:
    if resource:
        resource.setrlimit(resource.RLIMIT_AS, (address_space, address_space))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _peak_bytes() -> int:
    if sys.platform == "linux":
        # Not `ru_maxrss`: it begins with what the parent held when it started this process.
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    if resource is None:
        return 0
    scale = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale


def _end_with_parent() -> None:
    def watch():
        # The parent never writes again: the end of the stream means that it is gone.
        os.read(0, 1)
        os._exit(3)

    threading.Thread(target=watch, daemon=True).start()


if __name__ == "__main__":
    main()
