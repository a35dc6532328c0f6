"""The paper's figures and the sweeps, drawn with matplotlib."""
