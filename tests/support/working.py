"""Work for worker processes, which import this module: some of it ends its process."""

import os
import signal
import time
from collections.abc import Callable

from simlib.scenario.errors import InputError

KILLED = 3
"""The item that does not get done."""


def square(number: int) -> int:
    """Squares; the earlier the item, the longer it takes."""
    time.sleep(0.2 / (1 + number))
    return number**2


def die_by_signal(number: int) -> int:
    """Squares, but for the item whose worker is killed."""
    return _end_at_the_killed(number, lambda: os.kill(os.getpid(), signal.SIGKILL))


def exit_early(number: int) -> int:
    """Squares, but for the item whose worker exits."""
    return _end_at_the_killed(number, lambda: os._exit(7))


def fail(number: int) -> int:
    """An error of the user."""
    raise InputError(f"item {number}")


def stop(number: int) -> int:
    """A StopIteration, which a mistake in a part may raise."""
    raise StopIteration(number)


def _end_at_the_killed(number: int, end: Callable[[], None]) -> int:
    if number == KILLED:
        time.sleep(2)  # until the others are done
        end()
    return number**2
