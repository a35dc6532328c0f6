"""All systems, ablations and sweeps of the paper under one protocol."""
