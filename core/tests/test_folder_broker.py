"""Messages that are written and read by several processes at once."""

import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from queue import Empty

import pytest
from kombu import Connection

READER = """
import sys, time
from queue import Empty
from kombu import Connection
from kombu.transport import TRANSPORT_ALIASES
TRANSPORT_ALIASES["filesystem"] = "core.folder_broker:Transport"
folder, stop = sys.argv[1:]
channel = Connection("filesystem://", transport_options={
    "data_folder_in": folder, "control_folder": folder + "/control"}).channel()
import pathlib
while True:
    over = pathlib.Path(stop).exists()
    try:
        print(channel._get("work")["number"], flush=True)
    except Empty:
        if over:
            break
"""


@pytest.fixture
def channel(tmp_path):
    options = {
        "data_folder_in": str(tmp_path / "messages"),
        "control_folder": str(tmp_path / "messages" / "control"),
    }
    with Connection("filesystem://", transport_options=options) as connection:
        yield connection.channel()


def test_the_oldest_message_comes_first(channel):
    for number in range(12):
        channel._put("work", {"number": number})

    assert [channel._get("work")["number"] for _ in range(12)] == list(range(12))


def test_a_queue_gets_its_own_messages_only(channel):
    channel._put("other", {"number": 1})

    with pytest.raises(Empty):
        channel._get("work")
    assert channel._get("other") == {"number": 1}


def test_at_the_first_start_nobody_has_made_the_folders(tmp_path):
    folder = tmp_path / "new" / "broker"
    options = {"data_folder_in": str(folder / "messages"), "control_folder": str(folder / "control")}

    with Connection("filesystem://", transport_options=options) as connection:
        connection.SimpleQueue("work").put({"number": 1})
        message = connection.SimpleQueue("work").get(timeout=5)

    assert message.payload == {"number": 1}


def test_an_empty_folder_has_no_message(channel):
    with pytest.raises(Empty):
        channel._get("work")


def test_a_folder_that_somebody_removed_is_made_again(channel):
    channel._put("work", {"number": 1})
    shutil.rmtree(channel.data_folder_in)

    with pytest.raises(Empty):
        channel._get("work")
    shutil.rmtree(channel.data_folder_in)
    channel._put("work", {"number": 2})

    assert channel._get("work") == {"number": 2}


def test_size_and_purge_count_what_waits(channel):
    for number in range(3):
        channel._put("work", {"number": number})
    channel._get("work")

    assert channel._size("work") == 2
    assert channel._purge("work") == 2
    assert channel._size("work") == 0


def test_two_reading_processes_get_every_message_whole_and_once(channel, tmp_path):
    folder, stop = tmp_path / "messages", tmp_path / "stop"
    folder.mkdir(exist_ok=True)
    command = [sys.executable, "-c", READER, str(folder), str(stop)]
    readers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    time.sleep(0.5)

    padding = "x" * 20_000
    for number in range(400):
        channel._put("work", {"number": number, "padding": padding})
    stop.touch()

    outputs = [reader.communicate(timeout=60)[0] for reader in readers]
    assert [reader.returncode for reader in readers] == [0, 0]
    assert sorted(int(line) for output in outputs for line in output.split()) == list(range(400))


def test_queues_that_are_bound_at_once_are_all_remembered(channel):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: channel._queue_bind("work", f"key{n}", "", f"queue{n}"), range(20)))

    assert {entry.queue for entry in channel.get_table("work")} == {f"queue{n}" for n in range(20)}
