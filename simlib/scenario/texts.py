"""Texts of users' files: read up to a limit, refused or escaped where they hold characters that are not displayed.

A control character (Unicode general categories Cc, Cf, Zl, Zp, Cs, and noncharacters) can change the state of a
terminal, reverse the order of letters, or make a document malformed, as XML has no place for it. Such texts come with
scenarios, profiles, estimates, logs and plug-ins, and would go into tables, pages, records and figures.
"""

import errno
import json
import stat
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SCENARIO_BYTES = 4_000_000
"""Most bytes of a scenario file or a run.json."""
TITLE_LENGTH, TEXT_LENGTH = 200, 4096
"""Most characters of a title or name, and of any other text of a scenario."""
_STREAMS = ("/dev/", "/proc/")
"""Folders of open files: the input of the process, and what a shell opens for it."""
_PARAGRAPH = "\t\n"
_JOINERS = "\xad\u200c\u200d"
"""Format characters that some languages and emoji need; they act on their neighbours alone."""
_FORBIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


class TextTooLong(ValueError):
    """A file has more bytes than are read of one."""

    def __init__(self, most_bytes: int) -> None:
        super().__init__(f"more than {most_bytes:,} bytes, the most that is read")


def read_bytes(path: Path, most_bytes: int) -> bytes:
    """Read a file, a device or a pipe of the shell; raises OSError, or TextTooLong as soon as it has more bytes.

    A named pipe is refused: opening one waits for a writer, that may never come.
    """
    if stat.S_ISFIFO(path.stat().st_mode) and not str(path).startswith(_STREAMS):
        raise OSError(errno.EINVAL, "a named pipe is not read; /dev/stdin is")
    with path.open("rb") as file:
        data = file.read(most_bytes + 1)
    if len(data) > most_bytes:
        raise TextTooLong(most_bytes)
    return data


def read_text(path: Path, most_bytes: int) -> str:
    """Read UTF-8 with or without a byte order mark; raises UnicodeDecodeError too."""
    return read_bytes(path, most_bytes).decode("utf-8-sig")


def describe_read_failure(error: Exception) -> str:
    """Describe in a few words why `read_text` failed."""
    if isinstance(error, UnicodeDecodeError):
        return "not a text file"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def simplify_title(title: str) -> str:
    """A title as it is compared with others: without case, and without spaces around it or doubled."""
    return " ".join(unicodedata.normalize("NFKC", title).casefold().split())


def check_title(title: str) -> str:
    """Refuse a title that readers could not see; raises ValueError."""
    if not simplify_title(title):
        raise ValueError("must not be blank")
    return title


def find_control(text: str, allowed: str = "") -> str:
    """Find the first control character that is not allowed; empty when there is none."""
    if text.isascii() and text.isprintable():
        return ""
    controls = {letter for letter in set(text) if letter not in allowed and is_control(letter)}
    return min(controls, key=text.index, default="")


def is_control(letter: str) -> bool:
    """Whether a character controls the display of others in place of being displayed itself."""
    category = unicodedata.category(letter)
    return (category in _FORBIDDEN and letter not in _JOINERS) or (category == "Cn" and _is_noncharacter(ord(letter)))


def escape_controls(text: str, allowed: str = "") -> str:
    r"""Replace each control character by its escape sequence, such as ``\x1b``."""
    if not find_control(text, allowed):
        return text
    return "".join(repr(letter)[1:-1] if letter not in allowed and is_control(letter) else letter for letter in text)


def check_label(what: str, label: object) -> None:
    """Raise ValueError for a label of a plug-in that is no text, or not one that any output could hold."""
    if not isinstance(label, str):
        raise ValueError(f"{what} must be a text")
    control = find_control(label)
    if control:
        raise ValueError(f"{what} must be one line of text, but holds the {describe_control(control)}")
    if len(label) > TEXT_LENGTH:
        raise ValueError(f"{what} must have at most {TEXT_LENGTH:,} characters, not {len(label):,}")


def format_json(document: Any) -> str:
    """Format a JSON document; with escape sequences throughout where a text in it holds control characters.

    Raises ValueError for NaN and infinity, which JSON lacks.
    """
    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)
    return json.dumps(document, indent=2, allow_nan=False) if find_control(text, "\n") else text


def describe_control(letter: str) -> str:
    """Name a control character: ``control character U+001B``."""
    return f"control character U+{ord(letter):04X}"


def find_bad_text(document: Any) -> tuple[str, str] | None:
    """Find the first text of a document that no output could hold: its key and the mistake; None when all are good.

    Line breaks and tabs are allowed in descriptions, which are paragraphs.
    """
    for key, text in _iterate_texts(document, ""):
        name = key.rpartition(".")[2]
        control = find_control(text, _PARAGRAPH if name == "description" else "")
        if control:
            return key, f"holds the {describe_control(control)}; allowed: one line of letters, digits, signs and blanks"
        most = TITLE_LENGTH if name in ("title", "name") else TEXT_LENGTH
        if len(text) > most:
            return key, f"has {len(text):,} characters; allowed: at most {most:,}"
    return None


def _iterate_texts(value: Any, key: str) -> Iterator[tuple[str, str]]:
    """Iterate over keys and texts, depth first; not over the keys, which are known or plain names."""
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _iterate_texts(inner, f"{key}.{name}" if key else str(name))
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            yield from _iterate_texts(inner, f"{key}[{number}]")


def _is_noncharacter(code: int) -> bool:
    return code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF
