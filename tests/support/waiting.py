"""Wait for a condition, for a bounded time."""

import time
from collections.abc import Callable


def wait_for(what: str, holds: Callable[[], bool], most_s: float = 60.0) -> None:
    """Wait until a condition holds. Raises AssertionError when it still does not after so many seconds."""
    until = time.monotonic() + most_s
    while not holds():
        assert time.monotonic() < until, f"not in {most_s:g} s: {what}"
        time.sleep(0.02)
