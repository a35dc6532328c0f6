"""Build the wheel, install it into an environment without the source, and use it.

Third-party packages are read from the environment that runs this; gmf comes from the wheel.
"""

import os
import subprocess
import sys
import sysconfig
import tempfile
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

USE = """
import sys, tempfile
from pathlib import Path
import gmf
assert Path(gmf.__file__).is_relative_to(sys.prefix), gmf.__file__
from gmf.experiments.presets import load_run_config, preset_names
assert [load_run_config(name).seed for name in preset_names()]
from gmf.testing import tiny_checkpoint
run = tiny_checkpoint(Path("run"))
document = gmf.load("run")("Rocky is ready for snow season")
assert document.text and document.words
"""


def build(folder: Path) -> Path:
    """Build the wheel into a folder and return it."""
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder)]
    subprocess.run([*command, str(ROOT)], check=True, stdout=subprocess.DEVNULL)
    return next(folder.glob("*.whl"))


def missing_files(wheel: Path) -> list[str]:
    """Return the tracked files of the package that the wheel should hold and does not."""
    listed = subprocess.run(
        ["git", "ls-files", "src/gmf"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.split()
    tracked = {name.removeprefix("src/") for name in listed if (ROOT / name).is_file()}
    held = set(zipfile.ZipFile(wheel).namelist())
    return sorted(tracked - held)


def environment(folder: Path, wheel: Path) -> Path:
    """Make an environment with the wheel and return its folder of programs."""
    venv.create(folder, with_pip=True)
    programs = folder / "bin"
    pip = [str(programs / "python"), "-m", "pip", "install", "--quiet", "--no-deps", str(wheel)]
    subprocess.run(pip, check=True)
    site = next((folder / "lib").glob("python*/site-packages"))
    # A path in a .pth file is added, but the .pth files in that path are not read: the editable
    # install of gmf there stays unseen.
    (site / "others.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return programs


def main() -> None:
    """Check the wheel; the exit status is 1 when it fails."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        wheel = build(folder)
        if missing := missing_files(wheel):
            sys.exit(f"{wheel.name}: not as in the repository: {', '.join(missing)}")
        programs = environment(folder / "environment", wheel)
        variables = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}

        def run(*command: str) -> str:
            done = subprocess.run(
                [str(programs / command[0]), *command[1:]],
                cwd=folder,
                env=variables,
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                sys.exit(f"{' '.join(command[:3])}: {done.stdout}{done.stderr}")
            return done.stdout + done.stderr

        run("python", "-c", USE)
        version = run("gmf", "--version").strip()
        run("gmf", "predict", "run", "--text", "Ann Lee in Oslo", "--json")
        size = wheel.stat().st_size
        sys.stdout.write(f"wheel {version}: {size / 1000:.0f} kB, installed and used\n")


if __name__ == "__main__":
    main()
