"""An error in one process ends the others, which wait for it in an exchange."""

import time
from datetime import timedelta

import pytest
import torch
from torch import distributed

from gmf.core.errors import PeerError
from gmf.data.image_report import ImageReport
from gmf.training.exchange import average, ending_together, of_all_processes

#: Processes that fail, each time.
FAILING = ((0,), (1,), (0, 1))


def work(rank, folder):
    results = []
    for number, failing in enumerate(FAILING):
        distributed.init_process_group(
            "gloo",
            init_method=f"file://{folder / str(number)}",
            rank=rank,
            world_size=2,
            timeout=timedelta(seconds=90),
        )
        began = time.monotonic()
        try:
            with ending_together():
                report = ImageReport()
                report.count_view(folder / "both", None, False, None)
                report.count_view(folder / str(rank), None, False, None)
                results.append(of_all_processes(report).images["read"])
                if rank in failing:
                    raise ValueError(f"disk {rank} is full")
                average(torch.ones(3))
        except (PeerError, ValueError) as error:
            results.append((type(error).__name__, str(error), time.monotonic() - began < 60))
    torch.save(results, folder / f"{rank}.results")


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
