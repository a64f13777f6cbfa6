"""Every check that reads the code without running its tests. All run; the exit status says if one failed."""

import subprocess
import sys
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
TOOLS = Path(sys.executable).parent

CHECKS = {
    "format": [TOOLS / "ruff", "format", "--check", "--quiet", "."],
    "ruff": [TOOLS / "ruff", "check", "--quiet", "."],
    "imports": [TOOLS / "lint-imports"],
    "migrations": [sys.executable, "manage.py", "makemigrations", "--check", "--dry-run"],
    "django": [sys.executable, "manage.py", "check", "--fail-level", "WARNING"],
}


def lint() -> list[str]:
    """Run every check and return the names of those that failed."""
    failed = []
    for name, command in CHECKS.items():
        done = subprocess.run(command, cwd=BASE_DIR, capture_output=True, text=True)
        print(f"lint: {name:<10} {'ok' if done.returncode == 0 else 'FAILED'}", flush=True)
        if done.returncode:
            failed.append(name)
            print(done.stdout + done.stderr, flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(bool(lint()))
