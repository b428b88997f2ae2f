"""Run the command ``affetto`` by ``python -m affetto``."""

from affetto.cli import main

if __name__ == "__main__":
    main()
