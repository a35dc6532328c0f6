"""The same job on a local Ray cluster, with workers killed in the middle."""

import json
import os
import signal
from pathlib import Path
from uuid import uuid4

import pytest

from gmf.jobs.files import predict_files
from gmf.jobs.job import JobOptions
from gmf.testing import tiny_checkpoint

pytest.importorskip("ray")
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

COUNT, WRONG = 96, (1, 90)


def workers_with(token):
    """Return the processes of our own cluster that map shards."""
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            title = (folder / "cmdline").read_bytes()
            if b"MapWorker" in title and token.encode() in (folder / "environ").read_bytes():
                found.append(int(folder.name))
        except OSError:
            continue
    return found


def test_killed_workers_lose_and_double_no_row(tmp_path, monkeypatch):
    root, token = Path(__file__).parents[2], uuid4().hex
    monkeypatch.setenv("PYTHONPATH", str(root / "src"))
    monkeypatch.setenv("GMF_TEST_TOKEN", token)
    monkeypatch.setenv("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    model, source = tiny_checkpoint(tmp_path / "model", "bert-crf"), tmp_path / "in.jsonl"
    lines = [{"text": f"Rocky {n} is in New York with Ann Lee"} for n in range(1, COUNT + 1)]
    for number in WRONG:
        lines[number - 1] = {"text": number}
    source.write_text("\n".join(map(json.dumps, lines)))
    killed = []

    def kill(done, _):
        if done and not killed:
            for pid in workers_with(token):
                os.kill(pid, signal.SIGKILL)
                killed.append(pid)

    options = JobOptions(shard_rows=8, batch_size=4, device="cpu", engine="ray", workers=2)
    output = tmp_path / "ray.jsonl"
    report = predict_files(model, source, output, options=options, on_progress=kill)
    assert killed
    assert (report.documents, report.errors) == (COUNT - len(WRONG), len(WRONG))
    alone = tmp_path / "alone.jsonl"
    predict_files(model, source, alone, options=JobOptions(device="cpu"))
    found, expected = map(rows_of, (output, alone))
    assert [row["row"] for row in found] == [n for n in range(1, COUNT + 1) if n not in WRONG]
    for one, other in zip(found, expected, strict=True):
        assert one["text"] == other["text"]
        assert [e["type"] for e in one["entities"]] == [e["type"] for e in other["entities"]]
    errors = rows_of(Path(f"{output}.errors.jsonl"))
    assert [row["row"] for row in errors] == list(WRONG)
    assert not Path(f"{output}.parts").exists()


def rows_of(path):
    return [json.loads(line) for line in path.read_text().splitlines()]
