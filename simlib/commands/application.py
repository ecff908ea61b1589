"""Command-line application: all commands together, and their exit status."""

from collections.abc import Callable
from importlib import import_module
from typing import Annotated, Any

import typer

from simlib import __version__
from simlib.commands.runner import restore_folders

INTERRUPTED = 130

app = typer.Typer(name="simlib", pretty_exceptions_enable=False, rich_markup_mode=None)


class UsageError(Exception):
    """The command line is wrong; the message says how."""


# typer does not export the base of its errors about usage.
_USAGE_ERROR: type[typer.BadParameter] = next(
    kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException"
)


@app.callback(invoke_without_command=True)
def _root(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False,
) -> None:
    """JWT or opaque access tokens: how much faster, and is it worth it?

    Simulates an authorization server and an API with real tokens, under the designs that you want to compare.

    \b
    Start here:
      simlib scenarios                          the bundled scenarios
      simlib compare web-shop --out report/     compare, and write a report
      simlib compare my.toml --load access.log.gz
      simlib compare --help                     all options, with examples
      simlib decide web-shop --out decision/    which design to choose, as a decision record
      simlib calibrate --out my-machine.csv     measure this machine, for compare --profile
      simlib sweep web-shop --vary load --out load/
      simlib results kept/                      what sweep --store kept/ has simulated, and SQL over it
      simlib process web-shop                   messages, round trips and state changes of one user
      simlib effort web-shop                    person-days to build and to run each design
      simlib presets                            default settings of gateways and libraries, with sources
      simlib attacks busy-api                   which attacks are refused, and by which check
      simlib bad-days busy-api                  how users are served when something fails
      simlib theory                             the simulator validated against queueing theory

    \b
    Exit status:
      0    done
      1    simlib decide: no design meets the limits
      2    bad input, or a run that does not fit into this machine (a worker
           process was killed): one line says what; finished runs are kept
      130  Ctrl-C; one line says what was not written
      141  the reader of the output has closed it
      143  SIGTERM, as for Ctrl-C
    A folder or file is written whole or not at all, whatever ends a command.
    """
    if version:
        print(f"simlib {__version__}")
    elif context.invoked_subcommand is None:
        print(context.get_help())


COMMANDS = {
    **{name: name.replace("-", "_") for name in ("compare", "decide", "sweep", "process", "bad-days", "attacks")},
    **{name: name for name in ("results", "effort", "calibrate", "theory")},
    **dict.fromkeys(("scenarios", "strategies", "presets", "schema"), "listing"),
}
"""Name of each command, in the order of the help, and its module."""


def _import_command(name: str) -> Callable[..., Any]:
    command: Callable[..., Any] = getattr(import_module(f"simlib.commands.{COMMANDS[name]}"), name.replace("-", "_"))
    return command


def _register_commands(arguments: list[str]) -> None:
    """Register the command that is run; the help, and the message about a name that is none, need all of them."""
    app.registered_commands.clear()
    for name in arguments[:1] if arguments and arguments[0] in COMMANDS else COMMANDS:
        app.command(name)(_import_command(name))


def execute(arguments: list[str]) -> int:
    """Run one command and return its exit status.

    Raises UsageError, InputError, or KeyboardInterrupt and BrokenPipeError, which typer hides in its status.
    """
    restore_folders(arguments)
    _register_commands(arguments)
    try:
        status = typer.main.get_command(app).main(arguments, "simlib", standalone_mode=False)
    except _USAGE_ERROR as error:
        raise UsageError(error.format_message()) from error
    except typer.Abort as error:
        raise KeyboardInterrupt from error
    except SystemExit as end:
        if isinstance(end.__context__, BrokenPipeError):
            raise end.__context__ from None
        raise
    if status == INTERRUPTED:
        raise KeyboardInterrupt
    return status if isinstance(status, int) else 0
