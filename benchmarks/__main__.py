"""Run the benchmarks, one process each: `python -m benchmarks [NOUN ...]`."""

import os
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main(nouns):
    available = {path.stem.removeprefix("bench_"): path for path in sorted(HERE.glob("bench_*.py"))}
    unknown = [noun for noun in nouns if noun not in available]
    if unknown:
        print(f"No benchmark {', '.join(unknown)}. There are: {', '.join(available) or 'none yet'}.")
        return 2

    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    failed = []
    for noun in nouns or available:
        print(f"\n=== {noun}", flush=True)
        started = time.monotonic()
        command = [sys.executable, "-c", f"from benchmarks.bench_{noun} import main; main()"]
        done = subprocess.run(command, cwd=HERE.parent, env=os.environ | threads)
        print(f"({time.monotonic() - started:.0f} s)", flush=True)
        if done.returncode:
            failed.append(noun)
    if failed:
        print(f"\nFailed: {', '.join(failed)}")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
