"""The Dockerfile and the systemd unit of docs/serve.md."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCKERFILE = ROOT / "docs" / "deploy" / "Dockerfile"
UNIT = ROOT / "docs" / "deploy" / "gmf-serve.service"


def ran(*command, **options):
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def test_the_dockerfile_has_no_fault_of_style():
    hadolint = shutil.which("hadolint", path=str(Path(sys.executable).parent))
    if hadolint is None:
        pytest.skip("no hadolint")
    done = ran(hadolint, "--no-color", str(DOCKERFILE))
    assert (done.returncode, done.stdout) == (0, "")


def test_every_file_that_the_image_is_built_from_is_there():
    lines = DOCKERFILE.read_text().replace("\\\n", "").splitlines()
    copied = [
        line.split()[1:-1] for line in lines if line.startswith("COPY") and "--from" not in line
    ]
    assert copied
    assert all((ROOT / name).exists() for names in copied for name in names)


@pytest.mark.slow
def test_the_image_is_built_and_knows_its_command():
    if shutil.which("docker") is None or ran("docker", "info").returncode:
        pytest.skip("no docker daemon")
    name = "gmf-serve-test"
    built = ran("docker", "build", "--tag", name, "--file", str(DOCKERFILE), str(ROOT))
    assert built.returncode == 0, built.stderr[-3000:]
    shown = ran("docker", "run", "--rm", name, "--help")
    assert "until SIGTERM" in shown.stdout, shown.stderr


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd")
def test_systemd_reads_the_unit(tmp_path):
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text().replace("/opt/gmf/bin/gmf", "/bin/true"))
    done = ran("systemd-analyze", "verify", "--man=no", str(unit))
    assert (done.returncode, [line for line in done.stderr.splitlines() if UNIT.name in line]) == (
        0,
        [],
    )
