"""The command line: `simlib compare`, `decide`, `calibrate`, `scenarios`, `strategies`, `schema` and others."""

import os
import signal
import sys

BAD_INPUT, INTERRUPTED, UNREAD = 2, 130, 141
"""The last is what shells say of a program that SIGPIPE ended: 128 and the number of the signal."""


def main() -> None:
    """Run the command line and exit: 0, 2 for bad input (one line says what), 130 after Ctrl-C.

    `simlib decide` also exits with 1, when no design meets the limits, and any command with 141 when nobody reads it.
    """
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command; returns the exit status."""
    _without_standard_streams()
    try:
        return _run(arguments)
    except KeyboardInterrupt:
        return _interrupted("nothing was written")
    except BrokenPipeError:  # whoever read our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return UNREAD


def _without_standard_streams() -> None:
    """A process may be started with its output closed; then it is written nowhere."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_WRONLY), "w"))


def _run(arguments: list[str]) -> int:
    # Imported here, so that Ctrl-C in the first tenth of a second is told as well as any other.
    from simlib.commands.application import UsageMistake, execute
    from simlib.commands.console import Interrupted, complain
    from simlib.scenario.errors import InputError

    try:
        status = execute(arguments)
        sys.stdout.flush()
    except (InputError, UsageMistake) as error:
        complain(str(error))
        return BAD_INPUT
    except (MemoryError, OverflowError) as error:
        complain(f"the run does not fit into this machine ({type(error).__name__}); lower its rates, sizes or length")
        return BAD_INPUT
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            raise
        complain(f"output cannot be written ({error.strerror or type(error).__name__})")
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BAD_INPUT
    except Interrupted as interruption:
        return _interrupted(str(interruption))
    return status


def _interrupted(what: str) -> int:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C must not break the tidying up
    print(f"simlib: interrupted: {what}", file=sys.stderr)
    return INTERRUPTED
