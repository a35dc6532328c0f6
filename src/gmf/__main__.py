"""``python -m gmf``: the command, for launchers such as ``accelerate launch -m``."""

from gmf.cli.main import main

if __name__ == "__main__":
    main()
