"""The models: the contract, the shared modules, GMF, the baselines, checkpoints and inference."""
