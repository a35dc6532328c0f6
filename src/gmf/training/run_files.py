"""Names of what a run folder holds; needs no tensor library."""

#: Resolved configuration, metrics by epoch, how far the run is, and what stands behind it.
CONFIG, METRICS, STATE, PROVENANCE = "config.yaml", "metrics.jsonl", "state.json", "provenance.json"
#: Folder of the checkpoints, and what each unfinished one has for going on.
CHECKPOINTS, OPTIMIZER = "checkpoints", "optimizer.pt"


def epoch_name(epoch: int) -> str:
    """Return the folder name of an epoch's checkpoint; epochs count from 1."""
    return f"epoch-{epoch:03d}"
