"""Ctrl-C that cannot get lost."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def heard_interrupts() -> Iterator[Callable[[], None]]:
    """Within it Ctrl-C raises KeyboardInterrupt as usual; the function that is given raises it again if it came.

    Python swallows an exception that is raised while it tidies up an object, so that a Ctrl-C at the wrong instant
    would do nothing. To be used in the main thread.
    """
    heard: list[int] = []

    def hear(number: int, _frame: FrameType | None) -> None:
        heard.append(number)
        raise KeyboardInterrupt

    def ask() -> None:
        if heard:
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, hear)
    try:
        yield ask
    finally:
        signal.signal(signal.SIGINT, before)
