"""Bring an installation up to date: database, default models, demo company, static files.

One process for all of it, because each `manage.py` call would import Django and its apps again, and
quick when nothing changed.
"""

import argparse
import errno
import hashlib
import io
import os
import re
import socket
import stat
import sys
from pathlib import Path

from core.management.ending import ending_in_a_sentence

OTHERS = stat.S_IRWXG | stat.S_IRWXO
BASE_DIR = Path(__file__).resolve().parent.parent
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "churnbuster.settings")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--show-demo", action="store_true", help="only say how to log in to the demo company")
    options = parser.parse_args()

    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    from core.files.owners import note_roots

    demo_file = settings.STATE_DIR / "demo_accounts.txt"
    if not options.show_demo:
        refuse_taken_port(settings)
        if told := close_environment(BASE_DIR / ".env"):
            print(told)
        print("Preparing the database ...", flush=True)
        call_command("migrate", verbosity=0, interactive=False)
        call_command("createcachetable", verbosity=0)
        note_roots()
        call_command("seed_defaults")
        collect_static(settings, call_command)
    is_new = not demo_file.exists()
    if is_new:
        create_demo(demo_file, call_command)

    print(f"\n{say_how_to_log_in(demo_file, settings, show=is_new or options.show_demo)}")
    if not options.show_demo:
        print(f"\nChurn Buster starts on {settings.BASE_URL}   (stop with Ctrl-C)\n", flush=True)


def refuse_taken_port(settings):
    """End with a sentence where the web server could only fail, again and again."""
    family = socket.AF_INET6 if ":" in settings.HOST else socket.AF_INET
    try:
        socket.create_server((settings.HOST, settings.PORT), family=family).close()
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        port = settings.PORT
        sys.exit(
            f"Another program listens on port {port} already, perhaps another Churn Buster. Stop it, or "
            f"start on another port: make run PORT={port + 1}"
        )


def close_environment(file):
    """Take the file of settings, which holds keys and passwords, from everybody but its owner; say so."""
    if not file.exists() or not file.stat().st_mode & OTHERS:
        return ""
    try:
        file.chmod(file.stat().st_mode & stat.S_IRWXU)
    except PermissionError:
        return f"Other accounts of this machine can read {file}. Have its owner close it: chmod go-rwx {file}"
    return f"Other accounts of this machine could read {file.name}. Now only its owner can."


def create_demo(demo_file, call_command):
    """Make the demo company once, and keep how to log in where only this account can read it."""
    told = io.StringIO()
    call_command("create_demo", stdout=told)
    with open(demo_file, "w", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
        file.write(told.getvalue())


def say_how_to_log_in(demo_file, settings, *, show):
    """Return the accounts with their passwords where somebody sees them; else where they are kept.

    What is printed into a log or a pipe is read by whoever reads that, and stays there.
    """
    place = demo_file.relative_to(BASE_DIR) if demo_file.is_relative_to(BASE_DIR) else demo_file
    if not (show and sys.stdout.isatty()):
        return f"How to log in to the demo company stands in {place}; `make demo` shows it in a terminal."
    # The accounts stay, the address may have changed since they were made.
    accounts = re.sub(r"https?://[^/\s]+", settings.BASE_URL, demo_file.read_text().strip())
    return f"{accounts}\n\n(kept in {place}; `make demo` shows it again)"


def collect_static(settings, call_command):
    """Collect and compress static files again only if one of them, or the lock file, changed."""
    state = hashlib.sha256((BASE_DIR / "requirements.txt").read_bytes())
    for path in sorted((BASE_DIR / "static").rglob("*")):
        if path.is_file():
            state.update(f"{path} {path.stat().st_size} {path.stat().st_mtime_ns}\n".encode())
    stamp = Path(settings.STATIC_ROOT) / ".collected"
    if stamp.exists() and stamp.read_text() == state.hexdigest():
        return
    print("Collecting static files ...", flush=True)
    call_command("collectstatic", verbosity=0, interactive=False)
    stamp.write_text(state.hexdigest())


if __name__ == "__main__":
    with ending_in_a_sentence():
        main()
