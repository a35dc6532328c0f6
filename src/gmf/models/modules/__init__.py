"""One idea per file: the paper's equations and the parts that models share."""
