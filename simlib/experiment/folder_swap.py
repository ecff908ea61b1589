"""Replacement of a folder by another: at every instant the earlier or the new one stands whole under the name.

Linux exchanges two names in one step. Elsewhere, and on file systems that cannot do so, the earlier folder is renamed
before the new one gets its name: signals wait meanwhile, any exception puts the earlier one back, and so does the next
command if the process is killed there (`simlib.experiment.temporary_folder.clear_leftovers`).
"""

import ctypes
import os
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from simlib.experiment.temporary_folder import OLD, hold_lock

_AT_FDCWD, _RENAME_EXCHANGE = -100, 2  # of linux/fcntl.h and linux/fs.h
_DEFERRED: tuple[int, ...] = (signal.SIGINT, signal.SIGTERM)


def move_into_place(part: Path, target: Path, *, replace: bool) -> None:
    """Give a finished folder its name, in place of an empty folder or, with ``replace``, of an earlier one.

    The earlier one then has the name of ``part`` or the same with the suffix ``OLD``, to be removed. Raises OSError,
    and leaves all as it was, when that is not possible.
    """
    if not (replace and target.is_dir() and any(target.iterdir())):
        if sys.platform == "win32" and target.exists():
            target.rmdir()  # POSIX replaces an empty folder in one step
        os.rename(part, target)
    elif not exchange_names(part, target):
        _rename_both(part, target)


def exchange_names(first: Path, second: Path) -> bool:
    """Exchange what two names stand for in one step; false, and nothing is changed, where that is not possible."""
    rename = _find_renameat2()
    if rename is None:
        return False
    failed = rename(_AT_FDCWD, os.fsencode(first), _AT_FDCWD, os.fsencode(second), _RENAME_EXCHANGE)
    return not failed


def _find_renameat2() -> Any:
    """The function of the C library; None on systems without it."""
    return getattr(ctypes.CDLL(None), "renameat2", None) if sys.platform == "linux" else None


def _rename_both(part: Path, target: Path) -> None:
    earlier = part.with_suffix(OLD)
    with hold_lock(target), defer_signals():
        try:
            os.rename(target, earlier)
            os.rename(part, target)
        finally:
            if earlier.exists() and not os.path.lexists(target):
                os.rename(earlier, target)


@contextmanager
def defer_signals() -> Iterator[None]:
    """Ctrl-C and SIGTERM take effect at the end. Other threads than the main one do not receive them."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    received: list[int] = []
    handlers = {number: handler for number in _DEFERRED if (handler := signal.getsignal(number)) is not None}

    def remember(number: int, _frame: FrameType | None) -> None:
        received.append(number)

    try:
        try:
            _set_handlers(dict.fromkeys(handlers, remember))
            yield
        finally:
            _set_handlers(handlers)
    finally:  # once more, for the first signal that is handled again may have ended the first attempt
        _set_handlers(handlers)
        for number in received:
            signal.raise_signal(number)


def _set_handlers(handlers: Mapping[int, Any]) -> None:
    for number, handler in handlers.items():
        signal.signal(number, handler)
