"""The paper's comparison as one suite: models, ablations and sweeps, trained, scored, reported."""
