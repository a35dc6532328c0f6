"""Whether the libraries of the extra ``onnx`` are there."""

from collections.abc import Iterable
from importlib.util import find_spec

from gmf.core.errors import ConfigError


def require_installed(modules: Iterable[str]) -> None:
    """Check that libraries can be imported, without importing them.

    Raises:
        ConfigError: If one is absent; says what installs it.
    """
    absent = [name for name in modules if find_spec(name) is None]
    if absent:
        raise ConfigError(f"{', '.join(absent)} not installed; run pip install 'gmf[onnx]'")
