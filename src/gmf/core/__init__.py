"""Types, tags, errors, configuration and runtime: what every other package stands on."""
