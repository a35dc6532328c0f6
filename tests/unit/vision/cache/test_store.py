import hashlib
import random
import signal
import subprocess
import sys
import threading
import time

import pytest
from filelock import FileLock

from gmf.vision.cache.store import ENTRY_BYTES, INDEX, RECORDS, RecordStore, _entry, lock_of

SIZE = 256
WRITER = """
import random, sys
from pathlib import Path
from unit.vision.cache.test_store import key_of, record_of, store_at
store = store_at(Path(sys.argv[1]))
print("ready", flush=True)
numbers = list(range(400))
random.Random(int(sys.argv[2])).shuffle(numbers)
for start in range(0, len(numbers), 4):
    store.put({key_of(n): record_of(n) for n in numbers[start : start + 4]})
"""


def key_of(number):
    return hashlib.sha256(str(number).encode()).digest()


def record_of(number):
    return random.Random(number).randbytes(SIZE)


def store_at(folder):
    return RecordStore(folder, record_bytes=SIZE, meta={"made": "here"})


def start_writer(folder, seed):
    command = [sys.executable, "-c", WRITER, str(folder), str(seed)]
    writer = subprocess.Popen(
        command, stdout=subprocess.PIPE, env={"PYTHONPATH": ":".join(sys.path)}
    )
    assert writer.stdout.readline() == b"ready\n"
    return writer


def whole_records(folder):
    """Check every record that a fresh reader finds and return how many there are."""
    store = store_at(folder)
    found = [n for n in range(400) if store.get(key_of(n)) is not None]
    for number in found:
        assert bytes(store.get(key_of(number))) == record_of(number)
    assert len(store) == len(found)
    return len(found)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "caches" / "store"


def test_gives_back_what_was_put(folder):
    store = store_at(folder)
    assert store.get(key_of(1)) is None
    assert store.put({key_of(n): record_of(n) for n in range(3)}) == 3
    assert store.put({key_of(n): record_of(n) for n in range(5)}) == 2
    store.release()
    assert whole_records(folder) == 5
    assert (folder / RECORDS).stat().st_size == 5 * SIZE
    assert (folder / "meta.json").read_text() == '{\n  "made": "here"\n}'


def test_sees_what_others_write(folder):
    reader, writer = store_at(folder), store_at(folder)
    writer.put({key_of(1): record_of(1)})
    assert bytes(reader.get(key_of(1))) == record_of(1)
    writer.put({key_of(2): record_of(2)})
    assert bytes(reader.get(key_of(2))) == record_of(2)


def test_wrong_sizes_are_refused(folder):
    store = store_at(folder)
    with pytest.raises(ValueError, match="record of 256 bytes, got 32 and 3"):
        store.put({key_of(1): b"abc"})
    with pytest.raises(ValueError, match=r"key of 32.*got 1 and 256"):
        store.put({b"k": record_of(1)})


def test_what_a_killed_writer_left_is_overwritten(folder):
    store_at(folder).put({key_of(n): record_of(n) for n in range(3)})
    with (folder / RECORDS).open("ab") as file:
        file.write(b"half a record")
    with (folder / INDEX).open("ab") as file:
        file.write(key_of(3)[:20])
    assert whole_records(folder) == 3
    store_at(folder).put({key_of(n): record_of(n) for n in range(3, 6)})
    assert whole_records(folder) == 6
    assert (folder / INDEX).stat().st_size == 6 * ENTRY_BYTES


def test_zeroed_index_tail_is_not_believed(folder):
    store_at(folder).put({key_of(1): record_of(1)})
    with (folder / INDEX).open("ab") as file:
        file.write(bytes(ENTRY_BYTES))
    assert len(store_at(folder)) == 1
    store_at(folder).put({key_of(2): record_of(2)})
    assert whole_records(folder) == 2


def test_entries_beyond_a_torn_one_are_never_believed(folder):
    store_at(folder).put({key_of(1): record_of(1)})
    with (folder / INDEX).open("ab") as file:
        file.write(bytes(ENTRY_BYTES) + _entry(key_of(3), 2))
    store_at(folder).put({key_of(2): record_of(2)})
    assert whole_records(folder) == 2


def test_writers_wait_for_each_other(folder):
    store = store_at(folder)
    folder.mkdir(parents=True)
    with FileLock(lock_of(folder)):
        writer = threading.Thread(target=store.put, args=({key_of(1): record_of(1)},))
        writer.start()
        writer.join(timeout=0.2)
        assert writer.is_alive()
        assert not (folder / INDEX).exists()
    writer.join()
    assert whole_records(folder) == 1


def test_deleted_and_refilled_by_another_is_not_mixed_up(folder):
    store = store_at(folder)
    store.put({key_of(1): record_of(1)})
    assert store.get(key_of(1)) is not None
    store.put({key_of(2): record_of(2)})  # known, not yet mapped
    for path in folder.iterdir():
        path.unlink()
    other = store_at(folder)
    other.put({key_of(n): record_of(n) for n in (8, 9)})
    # what was known can still be read, from the deleted files
    assert bytes(store.get(key_of(2))) == record_of(2)
    # asking for something new finds the new files
    assert bytes(store.get(key_of(9))) == record_of(9)
    assert store.get(key_of(2)) is None
    store.put({key_of(2): record_of(2)})
    assert whole_records(folder) == 3


def test_two_processes_write_at_once(folder):
    writers = [start_writer(folder, seed) for seed in (1, 2)]
    for writer in writers:
        writer.communicate()
        assert writer.returncode == 0
    assert whole_records(folder) == 400
    assert (folder / RECORDS).stat().st_size == 400 * SIZE


def test_killed_at_any_moment(folder):
    for attempt in range(4):
        writer = start_writer(folder, attempt)
        time.sleep(0.01 * attempt)
        writer.send_signal(signal.SIGKILL)
        writer.communicate()
        whole_records(folder)
    writer = start_writer(folder, 9)
    writer.communicate()
    assert writer.returncode == 0
    assert whole_records(folder) == 400
