"""An error in one process ends the others, which wait for it in an exchange."""

import os
import socket
import subprocess
import sys

import pytest
import torch
from fixtures.failing_processes import FAILING, work

from gmf.training.exchange import ending_together


def test_whoever_fails_first_tells_why_and_all_end(tmp_path):
    torch.multiprocessing.start_processes(work, (tmp_path,), nprocs=2, start_method="forkserver")
    read = [torch.load(tmp_path / f"{rank}.results", weights_only=False) for rank in (0, 1)]
    # Each saw two images, one of them the same.
    assert [results[::2] for results in read] == [[3, 3, 3], [3, 3, 3]]
    for failing, *ends in zip(FAILING, *(results[1::2] for results in read), strict=True):
        assert all(in_time for _, _, in_time in ends)
        owners = [rank for rank in (0, 1) if ends[rank][0] == "ValueError"]
        assert len(owners) == 1
        assert owners[0] in failing
        text = f"disk {owners[0]} is full"
        assert ends[owners[0]][1] == text
        other = ends[1 - owners[0]]
        assert other[:2] == ("PeerError", f"process {owners[0]}: ValueError: {text}")


def test_alone_an_error_is_what_it_was():
    with pytest.raises(ValueError, match="full"), ending_together():
        raise ValueError("full")


LOST = """
import os, signal, sys, time
import torch
import torch.distributed as distributed
from gmf.core.errors import TrainingError
from gmf.training.exchange import ending_together, this_process

rank = int(os.environ["RANK"])
assert this_process().num_processes == 2
distributed.all_reduce(torch.ones(1))
if rank == 1:
    os.kill(os.getpid(), signal.SIGKILL)
try:
    with ending_together():
        for _ in range(1000):
            distributed.all_reduce(torch.ones(1))
except TrainingError as error:
    print(error, flush=True)
    os._exit(5)
"""


def test_the_death_of_a_process_is_told_in_words(tmp_path):
    """Processes on CPUs find each other, however they were started, and miss one that is killed."""
    (tmp_path / "lost.py").write_text(LOST)
    place = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port())}
    started = [
        subprocess.Popen(
            [sys.executable, str(tmp_path / "lost.py")],
            env={**os.environ, **place, "RANK": rank, "LOCAL_RANK": rank},
            stdout=subprocess.PIPE,
            text=True,
        )
        for rank in ("0", "1")
    ]
    said, _ = (process.communicate(timeout=120)[0] for process in started)
    assert started[0].returncode == 5
    assert "another process ended without a word; run the same command again" in said


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


LEAVES = """
import atexit
import torch.distributed as distributed

atexit.register(lambda: print("exchange:", distributed.is_initialized()))  # The last to be called.
from gmf.training.exchange import this_process

this_process()
print("exchange:", distributed.is_initialized())
"""


def test_a_process_leaves_the_others_before_it_ends():
    # Three processes that did not were aborted in five of eight runs, with their work done.
    place = {"RANK": "0", "LOCAL_RANK": "0", "WORLD_SIZE": "1", "ACCELERATE_USE_CPU": "true"}
    meeting = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "0"}
    done = subprocess.run(
        [sys.executable, "-c", LEAVES],
        env={**os.environ, **place, **meeting},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split("\n")[:2] == ["exchange: True", "exchange: False"], done.stderr
