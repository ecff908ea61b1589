"""`python -m simlib` is the command line."""

from simlib.cli import main

if __name__ == "__main__":
    main()
