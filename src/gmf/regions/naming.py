"""Names of proposers with a digest of weights and settings."""

import hashlib
import json
from collections.abc import Mapping


def source_name(name: str, weights: str, settings: Mapping[str, object]) -> str:
    """Return ``name@digest``: equal names mean equal weights and settings.

    Args:
        name: The proposer.
        weights: Digest of its weights or data.
        settings: Everything else that its regions depend on, as JSON values.
    """
    text = json.dumps([weights, dict(settings)], sort_keys=True)
    return f"{name}@{hashlib.sha256(text.encode()).hexdigest()[:16]}"
