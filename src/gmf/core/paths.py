"""Where gmf keeps what it downloads and computes."""

import os
from pathlib import Path


def gmf_home() -> Path:
    """Return the folder of encoders and caches: ``GMF_HOME``, or else ``~/.cache/gmf``."""
    chosen = os.environ.get("GMF_HOME", "").strip()
    return Path(chosen).expanduser().absolute() if chosen else Path.home() / ".cache" / "gmf"
