"""Command line of simlib: runs one command and turns errors into messages of one line and exit statuses."""

import os
import sys

try:
    import signal
except KeyboardInterrupt:  # before `main` can handle it
    os.write(2, b"simlib: interrupted: nothing was written\n")
    os._exit(130)

BAD_INPUT, BROKEN_PIPE = 2, 141
"""Exit statuses; after a signal it is 128 and the number of the signal, as in a shell: 141 is that of SIGPIPE."""


def main() -> None:
    """Run the command line and exit: 0, 2 for bad input (one line says what), 130 after Ctrl-C, 143 after SIGTERM.

    The status is also 2 when the run does not fit into the machine, or a worker process was killed. `simlib decide`
    also exits with 1, when no design meets the limits, and any command with 141 when its output is a pipe that was
    closed.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # not for a command in the background
        signal.signal(signal.SIGINT, _end_at_once)
    sys.exit(run(sys.argv[1:]))


def _end_at_once(number: int, _frame: object) -> None:
    """End the process; until a command runs anything, there is nothing to clean up.

    Raised in the middle of an import, KeyboardInterrupt could be swallowed, or become the error of a half-made module.
    """
    _report("interrupted: nothing was written")
    os._exit(128 + number)


def run(arguments: list[str]) -> int:
    """Run one command; returns the exit status."""
    _open_standard_streams()
    try:
        return _execute_command(arguments)
    except KeyboardInterrupt:
        return _report_interruption(_describe_written(), signal.SIGINT)
    except BrokenPipeError:  # the reader of the pipe has closed it
        _discard_output()
        if _list_written():
            _report(f"the output was closed: {_describe_written()}")
        return BROKEN_PIPE


def _open_standard_streams() -> None:
    """Discard the output of a process that was started with closed streams."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_WRONLY), "w"))


def _execute_command(arguments: list[str]) -> int:
    # Imported here, so that Ctrl-C in the first tenth of a second is reported like any other.
    from contextlib import redirect_stdout

    from simlib.commands.application import UsageError, execute
    from simlib.commands.console import print_error
    from simlib.commands.runner import Interrupted
    from simlib.commands.streams import GuardedOutput, accept_every_letter
    from simlib.scenario.errors import InputError
    from simlib.scenario.registry import report_plugin_errors

    for stream in (sys.stdout, sys.stderr):
        accept_every_letter(stream)
    guarded = GuardedOutput(sys.stdout)
    try:
        with report_plugin_errors(), redirect_stdout(guarded):
            status = execute(arguments)
        guarded.raise_failure()
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
        kept = f"; {_describe_written()}" if _list_written() else ""
        print_error(f"output cannot be written ({error.strerror or type(error).__name__}){kept}")
        _discard_output()
        return BAD_INPUT
    except Interrupted as interruption:
        return _report_interruption(str(interruption), interruption.number)
    return status


def _describe_written() -> str:
    """Output that was written before Ctrl-C or a failure, as for a command that was printing its answer."""
    return f"{' and '.join(_list_written())} was already written" if _list_written() else "nothing was written"


def _list_written() -> list[str]:
    writer = sys.modules.get("simlib.experiment.atomic_folder")
    return [] if writer is None else [str(folder) for folder in writer.list_written()]


def _discard_output() -> None:
    """Discard what is still to be written, which Python would try again at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _report(message: str) -> None:
    try:
        print(f"simlib: {message}", file=sys.stderr, flush=True)
    except OSError:  # as on a full disk
        return


def _report_interruption(what: str, number: int) -> int:
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)  # a second Ctrl-C must not interrupt the clean-up
    # CPython ends a program by the signal, whatever its exit status, once Ctrl-C has left an exec() of a text, as
    # imports of dataclasses and named tuples run it; the next exec() takes that back.
    exec("")
    _report(f"{'terminated' if number == signal.SIGTERM else 'interrupted'}: {what}")
    return 128 + number
