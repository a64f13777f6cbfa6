"""Take pictures of every page with headless Chromium, wide and narrow, light and dark, and measure each page.

    python -m scripts.screenshots                               an instance of its own, thrown away afterwards
    python -m scripts.screenshots --url http://localhost:5000   one that runs; --accounts FILE: how to log in
    python -m scripts.screenshots --walk visits operator        some of the walks (see scripts/walks.py)
    python -m scripts.screenshots --only admin                  of these walks, the pages whose names begin so

All pictures go to var/screenshots, the few that the README shows also to docs/screenshots. What the browser
complains about (a refused style, a failed request) and what is cut or broken at any of four widths (see
scripts/page_faults.py) is printed and makes the exit status 1: a broken page is not worth its picture.
"""

import argparse
import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from selenium.common.exceptions import WebDriverException

from ml.samples.members import make_members
from ml.samples.sample_logs import make_sample_log
from scripts.studio import Account, Studio
from scripts.walks import WALKS, Material

BASE_DIR = Path(__file__).resolve().parent.parent
TOOLS = Path(sys.executable).parent
PICTURES = BASE_DIR / "var/screenshots"
SHOWN = BASE_DIR / "docs/screenshots"

# Pictures of the README: (page, size, scheme) and how much of a long page they show.
README_PICTURES = {
    ("user-home", "wide", "light"): ("home", 900),
    ("user-predict", "wide", "light"): ("predict", 900),
    ("user-result", "wide", "light"): ("result", 1250),
    ("user-history", "wide", "light"): ("history", 900),
    ("user-result", "wide", "dark"): ("result-dark", 1250),
    ("user-result", "narrow", "light"): ("result-narrow", 1900),
    ("developer-model", "wide", "light"): ("model", 1250),
    ("log-profile", "wide", "light"): ("log-profile", 1250),
    ("log-churn", "wide", "light"): ("log-churn", 1250),
}


def read_accounts(text: str) -> dict[str, Account]:
    """Read how to log in from what `manage.py create_demo` printed: the first line per role counts."""
    accounts = {}
    for role, email, password in re.findall(r"^ +(\w+) +\S+ +(\S+@\S+) +(\S+)", text, re.MULTILINE):
        accounts.setdefault(role.lower(), Account(email, password))
    return accounts


@contextlib.contextmanager
def own_instance():
    """Start an instance with a fresh database in a folder of its own; yield its address and its accounts."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="churnbuster-screenshots-") as folder:
        environment = {
            **os.environ,
            "STATE_DIR": f"{folder}/var",
            "MEDIA_ROOT": f"{folder}/media",
            "PORT": str(port),
            "BASE_URL": f"http://localhost:{port}",
            "OMP_NUM_THREADS": "1",
            "PATH": f"{TOOLS}{os.pathsep}{os.environ['PATH']}",
        }
        subprocess.run([sys.executable, "-m", "scripts.prepare"], cwd=BASE_DIR, env=environment, check=True)
        server = subprocess.Popen(
            [sys.executable, "-m", "scripts.keep_running"],
            cwd=BASE_DIR,
            env=environment,
            start_new_session=True,
            stdout=subprocess.DEVNULL,
        )
        try:
            wait_for(f"http://localhost:{port}/login/")
            yield f"http://localhost:{port}", Path(folder, "var/demo_accounts.txt")
        finally:
            server.send_signal(signal.SIGINT)
            try:
                server.wait(timeout=20)
            except subprocess.TimeoutExpired:
                os.killpg(server.pid, signal.SIGKILL)
                server.wait()


def wait_for(url: str, seconds: float = 60):
    until = time.monotonic() + seconds
    while True:
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except (urllib.error.URLError, OSError):
            if time.monotonic() > until:
                raise
            time.sleep(0.3)


def customer_file() -> Path:
    """Choose what is predicted: the real telco file where it lies beside the checkout, else ours."""
    real = BASE_DIR.parent / "shared/data/telco_ibm.csv"
    return real if real.exists() else BASE_DIR / "DatasetA.csv"


def own_table(folder: Path) -> Path:
    """Write the table that is brought as a company's own."""
    table = folder / "members.csv"
    make_members().to_csv(table, index=False)
    return table


def purchase_log(folder: Path) -> Path:
    """Choose the log that is analysed: real lines of a shop where they lie beside the checkout, or ours."""
    real = BASE_DIR.parent / "shared/data/online_retail_lines_sample.csv"
    if real.exists():
        return real
    sample = folder / "coffee_shop.csv"
    sample.write_bytes(make_sample_log("coffee_shop"))
    return sample


def visit_log(folder: Path) -> Path:
    """Write who came to a gym and when, and nothing of what was paid."""
    log = folder / "gym.csv"
    log.write_bytes(make_sample_log("gym"))
    return log


def take_walks(studio: Studio, material: Material, names: list[str]):
    """Take one walk after the other; one that gets stuck is a complaint, and the others go on."""
    for name in names:
        try:
            WALKS[name](studio, material)
        except WebDriverException as error:
            studio.complain_of(f"walk {name}", [f"stuck at {studio.browser.current_url}: {error.msg}"])


def read_options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", help="take pictures of this running instance")
    parser.add_argument(
        "--accounts", type=Path, default=BASE_DIR / "var/demo_accounts.txt", help="how to log in there"
    )
    parser.add_argument("--walk", nargs="+", choices=WALKS, default=list(WALKS), help="only these walks")
    parser.add_argument("--only", default="", help="only pages whose names begin with this pattern")
    return parser.parse_args()


def main():
    options = read_options()
    # `kill` must end in the same clean-up as Ctrl-C, or the instance would stay behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))

    PICTURES.mkdir(parents=True, exist_ok=True)
    SHOWN.mkdir(parents=True, exist_ok=True)
    shown = {page: (SHOWN / f"{name}.png", most) for page, (name, most) in README_PICTURES.items()}
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url, accounts = (
            (options.url, options.accounts) if options.url else stack.enter_context(own_instance())
        )
        studio = Studio(url, folder=PICTURES, shown=shown, only=options.only)
        stack.enter_context(contextlib.closing(studio))
        material = Material(
            accounts=read_accounts(accounts.read_text()),
            customers=customer_file(),
            table=own_table(folder),
            purchases=purchase_log(folder),
            visits=visit_log(folder),
        )
        take_walks(studio, material, options.walk)
    return 1 if studio.has_complained else 0


if __name__ == "__main__":
    sys.exit(main())
