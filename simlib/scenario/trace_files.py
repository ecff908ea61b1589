"""Files of traffic logs: plain or gzipped, read once from start to end and hashed meanwhile."""

import gzip
import hashlib
import io
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from simlib.scenario.errors import InputError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

GZIP_MAGIC = b"\x1f\x8b"
BLOCK = 1 << 16
"""Bytes per read."""
MOST_LINES, LONGEST_LINE = 50_000_000, 1_000_000
"""Most lines of a log, and most characters of one, so that an endless file ends; stamps and users of so many lines take
0.8 GB."""
TEXT_CONTROLS = b"\t\n\r\x0b\x0c\x1b"
BINARY_SHARE = 0.05
"""Share of control bytes in the first block above which a file counts as binary (random bytes have 0.1)."""
ALLOWED = "allowed: an access log (common or combined) or a CSV with a header, as UTF-8 text, plain or gzipped"


class HashingFile(io.RawIOBase):
    """A file that computes the SHA-256 of its bytes as they are read.

    One pass, so that hash and lines agree while a server still writes the log, and so that a pipe can be read.
    """

    def __init__(self, file: io.FileIO) -> None:
        self._file = file
        self._hash = hashlib.sha256()

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int | None:
        """Fill the buffer; returns the number of bytes, 0 at the end."""
        count = self._file.readinto(buffer)
        self._hash.update(memoryview(buffer)[:count])
        return count

    def sha256(self) -> str:
        """Return the hexadecimal hash of all bytes read so far."""
        return self._hash.hexdigest()


@contextmanager
def open_lines(path: Path) -> Iterator[tuple[Iterator[str], Callable[[], str]]]:
    """Open the lines of a file, with a function that returns the SHA-256 of its raw bytes once all lines are read.

    Lines end in LF; bytes that are not UTF-8 become surrogates, as clients send such names. Raises InputError for a
    file that is missing, a directory, empty, binary, too long, or a damaged or truncated gzip.
    """
    try:
        file = io.FileIO(path)
    except IsADirectoryError:
        raise InputError(f"{path}: is a directory; {ALLOWED}") from None
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; {ALLOWED}") from None
    except (OSError, ValueError) as failure:  # a ValueError when no file can have such a name
        reason = getattr(failure, "strerror", None) or failure
        raise InputError(f"{path}: cannot be read ({reason}); {ALLOWED}") from None
    with file:
        hashing = HashingFile(file)
        yield _iterate_lines(io.BufferedReader(hashing, BLOCK), path), hashing.sha256


def _iterate_lines(stream: io.BufferedReader, path: Path) -> Iterator[str]:
    """Iterate over the lines of plain or gzipped text; every failure of reading raises InputError."""
    number = 0  # lines read
    try:
        text = _open_text(stream, path)
        for line in iter(partial(text.readline, LONGEST_LINE), ""):
            number += 1
            if number > MOST_LINES:
                raise InputError(f"{path}: has more than {MOST_LINES:,} lines; allowed: at most so many")
            if len(line) == LONGEST_LINE and line[-1] != "\n":
                raise InputError(f"{path}: line {number} is longer than {LONGEST_LINE:,} characters; {ALLOWED}")
            yield line
    except EOFError:
        raise InputError(
            f"{path}: gzip data ends too early, at about line {number + 1}; allowed: whole files"
        ) from None
    except (gzip.BadGzipFile, zlib.error):
        raise InputError(
            f"{path}: gzip data is damaged, at about line {number + 1}; allowed: undamaged files"
        ) from None
    except OSError as failure:
        raise InputError(f"{path}: cannot be read ({failure.strerror}), at about line {number + 1}") from None


def _open_text(stream: io.BufferedReader, path: Path) -> io.TextIOWrapper:
    emptiness = "is empty"
    if stream.peek(len(GZIP_MAGIC)).startswith(GZIP_MAGIC):
        emptiness = "is empty after decompression"
        # A second buffer: reading lines from it runs in C, from the gzip file itself it does not.
        stream = io.BufferedReader(gzip.GzipFile(fileobj=stream), BLOCK)
    head = stream.peek(BLOCK)
    if not head:
        raise InputError(f"{path}: {emptiness}; {ALLOWED}")
    if _is_binary(head):
        raise InputError(f"{path}: is binary; {ALLOWED}")
    return io.TextIOWrapper(stream, encoding="utf-8-sig", errors="surrogateescape", newline="\n")


def _is_binary(head: bytes) -> bool:
    controls = sum(head.count(byte) for byte in range(32) if byte not in TEXT_CONTROLS)
    return b"\0" in head or controls > BINARY_SHARE * len(head)
