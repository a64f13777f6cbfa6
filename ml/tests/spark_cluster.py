"""A Spark standalone cluster of one master and one worker, from the classes of the pyspark package."""

import contextlib
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path


def find_java():
    home = os.environ.get("JAVA_HOME")
    return shutil.which("java", path=f"{home}/bin") if home else shutil.which("java")


@contextlib.contextmanager
def run_cluster(folder):
    """Yield the address of the master once the worker has registered."""
    import pyspark

    home = Path(pyspark.__file__).parent
    port = _free_port()
    address = f"spark://127.0.0.1:{port}"
    environment = os.environ | {
        "SPARK_HOME": str(home),
        "SPARK_NO_DAEMONIZE": "1",
        "SPARK_DAEMON_MEMORY": "256m",
    }
    ports = ["--webui-port", "0"]
    master = ["org.apache.spark.deploy.master.Master", "--host", "127.0.0.1", "--port", str(port), *ports]
    worker = ["org.apache.spark.deploy.worker.Worker", address, "--host", "127.0.0.1", "--cores", "2"]
    worker += ["--memory", "2g", "--work-dir", str(folder / "work"), *ports]
    with contextlib.ExitStack() as stack:
        for command, ready in ((master, "I have been elected leader"), (worker, "Successfully registered")):
            log = folder / f"{command[0].rsplit('.', 1)[-1]}.log"
            stack.enter_context(_run([str(home / "bin" / "spark-class"), *command], log, environment))
            _wait(log, ready)
        yield address


@contextlib.contextmanager
def _run(command, log, environment):
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, env=environment)
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait(log, words, seconds=90):
    until = time.monotonic() + seconds
    while words not in log.read_text(errors="replace"):
        if time.monotonic() > until:
            raise TimeoutError(
                f"{log.name} never said {words!r}:\n{log.read_text(errors='replace')[-2_000:]}"
            )
        time.sleep(0.2)


def _free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]
