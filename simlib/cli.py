"""Command line of simlib: runs one command and turns errors into messages of one line and exit statuses."""

import os
import signal
import sys

BAD_INPUT, BROKEN_PIPE = 2, 141
"""Exit statuses; after a signal it is 128 and the number of the signal, as in a shell: 141 is that of SIGPIPE."""


def main() -> None:
    """Run the command line and exit: 0, 2 for bad input (one line says what), 130 after Ctrl-C, 143 after SIGTERM.

    The status is also 2 when the run does not fit into the machine, or a worker process was killed. `simlib decide`
    also exits with 1, when no design meets the limits, and any command with 141 when its output is a pipe that was
    closed.
    """
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command; returns the exit status."""
    _open_standard_streams()
    try:
        return _execute_command(arguments)
    except KeyboardInterrupt:
        return _report_interruption(_describe_written(), signal.SIGINT)
    except BrokenPipeError:  # the reader of the pipe has closed it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE


def _open_standard_streams() -> None:
    """Discard the output of a process that was started with closed streams."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_WRONLY), "w"))


def _execute_command(arguments: list[str]) -> int:
    # Imported here, so that Ctrl-C in the first tenth of a second is reported like any other.
    from simlib.commands.application import UsageError, execute
    from simlib.commands.console import print_error
    from simlib.commands.runner import Interrupted
    from simlib.scenario.errors import InputError
    from simlib.scenario.registry import report_plugin_errors

    try:
        with report_plugin_errors():
            status = execute(arguments)
        sys.stdout.flush()
    except (InputError, UsageError) as error:
        print_error(str(error))
        return BAD_INPUT
    except (MemoryError, OverflowError) as error:
        kind = type(error).__name__
        print_error(f"the run does not fit into this machine ({kind}); lower its rates, sizes or length")
        return BAD_INPUT
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            raise
        print_error(f"output cannot be written ({error.strerror or type(error).__name__})")
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BAD_INPUT
    except Interrupted as interruption:
        return _report_interruption(str(interruption), interruption.number)
    return status


def _describe_written() -> str:
    """What was written before Ctrl-C, as for a command that was printing its answer."""
    writer = sys.modules.get("simlib.experiment.atomic_folder")
    written = [] if writer is None else writer.list_written()
    return f"{' and '.join(map(str, written))} was already written" if written else "nothing was written"


def _report_interruption(what: str, number: int) -> int:
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)  # a second Ctrl-C must not interrupt the clean-up
    # CPython ends a program by the signal, whatever its exit status, once Ctrl-C has left an exec() of a text, as
    # imports of dataclasses and named tuples run it; the next exec() takes that back.
    exec("")
    print(f"simlib: {'terminated' if number == signal.SIGTERM else 'interrupted'}: {what}", file=sys.stderr)
    return 128 + number
