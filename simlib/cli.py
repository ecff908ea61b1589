"""The command line: `simlib compare`, `scenarios`, `strategies`, `schema`."""

import os
import signal
import sys
from typing import TYPE_CHECKING, Annotated, Any

if TYPE_CHECKING:
    import typer

BAD_INPUT, INTERRUPTED = 2, 130


def main() -> None:
    """Run the command line and exit: 0, 2 for bad input (one line says what), 130 after Ctrl-C."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command; returns the exit status."""
    try:
        return _run(arguments)
    except KeyboardInterrupt:
        return _interrupted("nothing was written")
    except BrokenPipeError:  # whoever read our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _run(arguments: list[str]) -> int:
    import typer

    from simlib.commands.console import Interrupted, complain
    from simlib.scenario.errors import InputError

    try:
        status = typer.main.get_command(application())(arguments, "simlib", standalone_mode=False)
        sys.stdout.flush()
        return status if isinstance(status, int) else 0
    except typer.Abort:
        return _interrupted("nothing was written")
    except Interrupted as interruption:
        return _interrupted(str(interruption))
    except InputError as error:
        complain(str(error))
    except _usage_errors() as error:
        complain(error.format_message())
    return BAD_INPUT


def application() -> "typer.Typer":
    """The commands and their options."""
    import typer

    from simlib.commands.compare import compare
    from simlib.commands.scenarios import scenarios
    from simlib.commands.schema import schema
    from simlib.commands.strategies import strategies

    app = typer.Typer(name="simlib", pretty_exceptions_enable=False, rich_markup_mode=None)
    app.callback(invoke_without_command=True)(_root)
    for command in (compare, scenarios, strategies, schema):
        app.command()(command)
    return app
