"""Wall-clock seconds of a whole command, for its record only: nothing simulated may depend on them."""

import time
from collections.abc import Callable


def start_stopwatch() -> Callable[[], float]:
    """Start; the function that is returned tells the seconds since then."""
    start = time.monotonic()
    return lambda: time.monotonic() - start
