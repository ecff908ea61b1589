"""Where the commands write: answers to standard output, all else to standard error."""

import json
import os
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

PIPED_WIDTH = 100
"""Columns when the output is no terminal and COLUMNS does not tell."""


class Interrupted(Exception):  # no KeyboardInterrupt, of which typer would keep the status alone
    """The user pressed Ctrl-C; the message says what was therefore not done."""


def console(*, stderr: bool = False) -> "Console":
    """A console that writes no control codes into pipes and files."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() or "COLUMNS" in os.environ else PIPED_WIDTH
    return Console(stderr=stderr, width=width, highlight=False, markup=False, emoji=False)


def show(screen: "Console", text: str, indent: int = 0, style: str = "") -> None:
    """A paragraph whose further lines are as far in as its first."""
    from rich.padding import Padding
    from rich.text import Text

    screen.print(Padding(Text(text, style), (0, 0, 0, indent), expand=False))


def tell(message: str) -> None:
    """One line to standard error."""
    print(message, file=sys.stderr, flush=True)


def complain(message: str) -> None:
    """A mistake of the user, in one line to standard error."""
    tell(f"simlib: error: {' '.join(message.split())}")


def print_json(document: Any) -> None:
    """One JSON document to standard output; the caller has replaced what JSON does not know."""
    print(json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False))
