"""Libraries that only some of gmf needs, and the extra that installs them."""

import importlib.util

from gmf.core.errors import ConfigError


def require_extra(*modules: str, extra: str, purpose: str) -> None:
    """Check that libraries can be imported, without importing them.

    Args:
        modules: Names of their modules.
        extra: Extra of the package that installs them.
        purpose: What needs them, for the message.

    Raises:
        ConfigError: If one is absent.
    """
    absent = [name for name in modules if importlib.util.find_spec(name) is None]
    if absent:
        raise ConfigError(f"{purpose} needs {' and '.join(absent)}; run pip install 'gmf[{extra}]'")
