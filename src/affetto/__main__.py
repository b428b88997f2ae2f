"""``python -m affetto``: the same as the command ``affetto``."""

from affetto.cli import main

if __name__ == "__main__":
    main()
