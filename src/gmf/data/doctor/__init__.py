"""The data doctor: what is irregular in a data set, and which release it is."""
