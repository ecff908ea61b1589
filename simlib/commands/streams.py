"""Standard streams of a command: letters that their encoding lacks, and writes that fail, lose no finished run.

A redirected output has the encoding of the system, such as cp1252 on Windows: letters that it lacks are replaced by
similar ones, or by their escape sequences. A write to a closed pipe or a full disk is remembered in place of raised, so
that a run that writes a folder goes on; `GuardedOutput.raise_failure` raises it when the command has ended.
"""

import codecs
import os
import sys
from typing import Any, TextIO

_HANDLER = "simlib.similar"
_SIMILAR = {
    **dict.fromkeys("\N{MINUS SIGN}\N{EN DASH}\N{EM DASH}\N{HYPHEN}\N{NON-BREAKING HYPHEN}─━═╌╍", "-"),
    **dict.fromkeys("│┃║", "|"),
    **dict.fromkeys("┌┐└┘├┤┬┴┼╭╮╯╰┏┓┗┛╇╈╋╡╞╪", "+"),
    **dict.fromkeys("\N{LEFT SINGLE QUOTATION MARK}\N{RIGHT SINGLE QUOTATION MARK}", "'"),
    **dict.fromkeys("\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}", '"'),
    **{"±": "+-", "\N{MULTIPLICATION SIGN}": "x", "≥": ">=", "≤": "<=", "≈": "~", "→": "->", "…": "...", "·": "."},
    **dict.fromkeys("\N{MICRO SIGN}\N{GREEK SMALL LETTER MU}", "u"),
    **{"•": "*", "✓": "yes", "✗": "no", "\N{NO-BREAK SPACE}": " ", "€": "EUR"},
}
"""Letters of tables and sentences -> what stands for them in an encoding without them."""


class GuardedOutput:
    """A stream that remembers the first failed write, and discards what is written after it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._failure: OSError | None = None

    def write(self, text: str) -> int:
        """Write a text; returns its length."""
        if self._failure is None:
            try:
                self._stream.write(text)
            except OSError as error:
                self._failure = error
        return len(text)

    def flush(self) -> None:
        """Flush what was written."""
        if self._failure is None:
            try:
                self._stream.flush()
            except OSError as error:
                self._failure = error

    def raise_failure(self) -> None:
        """Flush, and raise OSError if a write has failed."""
        self.flush()
        if self._failure is not None:
            raise self._failure

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def raise_lost_output() -> None:
    """Raise OSError if standard output takes nothing more: a run whose only output it is would be in vain.

    A full device refuses an empty write too, so that nothing need be printed to find out.
    """
    if isinstance(sys.stdout, GuardedOutput):
        sys.stdout.raise_failure()
    try:
        descriptor = sys.stdout.fileno()
    except (AttributeError, ValueError):  # a stream that is no file
        return
    os.write(descriptor, b"")


def accept_every_letter(stream: Any) -> None:
    """Make a text stream replace letters that its encoding lacks."""
    codecs.register_error(_HANDLER, _replace_letters)
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors=_HANDLER)


def can_encode(text: str) -> bool:
    """Whether standard output has every letter of a text."""
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _replace_letters(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    letters = error.object[error.start : error.end]
    return "".join(_SIMILAR.get(letter) or _escape(letter) for letter in letters), error.end


def _escape(letter: str) -> str:
    return letter.encode("ascii", "backslashreplace").decode()
