"""Output of the commands: answers go to standard output, everything else to standard error."""

import json
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TextIO

from simlib.commands.streams import can_encode
from simlib.scenario.texts import escape_controls, format_json

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from simlib.scenario.scenario import Scenario

PIPED_WIDTH = 100
"""Columns of text when the output is no terminal and COLUMNS is not set."""
NARROWEST, WIDEST = 40, 1000
"""Fewest and most columns that are used, whatever COLUMNS says: narrower tables cannot be read."""
_LINES = 25


def open_console(*, stderr: bool = False) -> "Console":
    """A console that writes no control codes into pipes and files."""
    from rich.console import Console

    class PrintableConsole(Console):
        """A console that escapes control characters of texts, such as names of files."""

        def render_str(self, text: str, **options: Any) -> "Text":
            return super().render_str(escape_controls(text, "\n\t"), **options)

    # Both given, because rich would read COLUMNS and LINES itself, and fail at numbers that are none.
    width, height = find_size(sys.stderr if stderr else sys.stdout)
    return PrintableConsole(stderr=stderr, width=width, height=height, highlight=False, markup=False, emoji=False)


def find_size(stream: TextIO) -> tuple[int, int]:
    """Columns and lines of a stream: those of COLUMNS, of its terminal, or usual ones; the columns within bounds."""
    width, height = PIPED_WIDTH, _LINES
    with suppress(OSError, ValueError):  # no terminal, or no file at all
        if stream.isatty():
            width, height = os.get_terminal_size(stream.fileno())
    columns = os.environ.get("COLUMNS", "")
    if columns.isascii() and columns.isdecimal() and columns.strip("0"):
        width = int(columns[:9])
    return min(max(width, NARROWEST), WIDEST), height


def print_paragraph(screen: "Console", text: str, indent: int = 0, style: str = "") -> None:
    """Print a paragraph all lines of which are indented alike."""
    from rich.padding import Padding
    from rich.text import Text

    screen.print(Padding(Text(escape_controls(text, "\n\t"), style), (0, 0, 0, indent), expand=False))


def print_status(message: str) -> None:
    """Print one line to standard error; one that takes nothing, as on a full disk, ends no run."""
    with suppress(OSError):
        print(escape_controls(message), file=sys.stderr, flush=True)


def print_error(message: str) -> None:
    """Print a mistake of the user as one line to standard error."""
    print_status(f"simlib: error: {' '.join(message.split())}")


def print_warnings(scenario: "Scenario") -> None:
    """Print what designs of a scenario state without effect, a line each to standard error."""
    for warning in scenario.warnings:
        print_status(f"simlib: warning: {scenario.origin}: {warning}")


def print_json(document: Any) -> None:
    """Print one JSON document to standard output; raises ValueError for NaN and infinity, which JSON lacks.

    It has escape sequences where the output could not hold its letters, or where they would control a terminal.
    """
    text = format_json(document)
    print(text if can_encode(text) else json.dumps(document, indent=2, allow_nan=False))
