"""Output of the commands: answers go to standard output, everything else to standard error."""

import json
import os
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

PIPED_WIDTH = 100
"""Columns of text when the output is no terminal and COLUMNS is not set."""


def open_console(*, stderr: bool = False) -> "Console":
    """A console that writes no control codes into pipes and files."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() or "COLUMNS" in os.environ else PIPED_WIDTH
    return Console(stderr=stderr, width=width, highlight=False, markup=False, emoji=False)


def print_paragraph(screen: "Console", text: str, indent: int = 0, style: str = "") -> None:
    """Print a paragraph all lines of which are indented alike."""
    from rich.padding import Padding
    from rich.text import Text

    screen.print(Padding(Text(text, style), (0, 0, 0, indent), expand=False))


def print_status(message: str) -> None:
    """Print one line to standard error."""
    print(message, file=sys.stderr, flush=True)


def print_error(message: str) -> None:
    """Print a mistake of the user as one line to standard error."""
    print_status(f"simlib: error: {' '.join(message.split())}")


def print_json(document: Any) -> None:
    """Print one JSON document to standard output; raises ValueError for NaN and infinity, which JSON lacks."""
    print(json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False))
