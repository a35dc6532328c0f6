"""An error in one process ends the others, which wait for it in an exchange."""

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
