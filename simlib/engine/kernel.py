"""Event list: SimPy's environment, with absolute times and a tie-break that belongs to the model.

Python's cycle collector is paused while rows pile up.
"""

import gc
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from heapq import heappop, heappush
from math import inf
from typing import Any, ClassVar

from simpy import Environment
from simpy.events import Event

Callbacks = list[Callable[[Any], None]]

NEVER: list[Any] = [(-inf, -inf)]
"""Stands for an event list whose next event precedes everything, where no work may run ahead of the event list."""


class Occurrence(Event):
    """An event that is used again and again: set ``callbacks``, schedule it, and it fires.

    SimPy's own events are good for one firing; making a new one for each step costs more than the step.
    """

    _ok = True

    def __init__(self, kernel: "Kernel", callbacks: Callbacks | None = None) -> None:
        self.env = kernel
        self.callbacks = callbacks or []


class Kernel(Environment):
    """SimPy's environment that also takes absolute instants.

    ``Environment.schedule`` adds a delay to the present, which loses the last bit of an instant that is fixed already;
    and it breaks ties by the order of scheduling, which is a matter of programming style. Here ties are broken by a key
    (the number of the request), so that two ways to write one model agree to the last bit.

    ``upcoming``: the event list, soonest event first. What would be its next event anyway, being put there last, need
    not be put there: whoever would schedule it as the last thing that it does may set the clock and go on. So work runs
    ahead of the event list, and the order of all that happens is the same. ``runs_ahead`` switches this off for a run.
    """

    runs_ahead: ClassVar[bool] = True

    def __init__(self) -> None:
        super().__init__()
        self.schedule_at = _build_scheduler(self)
        self.upcoming: list[Any] = self._queue if self.runs_ahead else NEVER

    def schedule_all(self, events: Iterable[tuple[float, float, Occurrence]]) -> None:
        """Schedule many events (time, key, event) as if one after the other.

        Only the next of them is in the event list at a time: each puts the following one there when it fires. Hundreds
        of events that wait there for their time would make every other event dearer.
        """
        due = sorted((time, key, next(self._eid), event) for time, key, event in events)
        waiting = iter(due)

        def schedule_next(_: Any = None) -> None:
            following = next(waiting, None)
            if following is not None:
                heappush(self._queue, following)  # type: ignore[misc]

        for _, _, _, event in due:
            event.callbacks = [schedule_next, *(event.callbacks or ())]
        schedule_next()

    def run(self, until: Any = None) -> None:
        """Run to an instant (seconds), with `Environment.step` written out: a call for each event would be felt.

        Events of that very instant are left, but for those with a key below 0.
        """
        queue, end = self._queue, object()
        heappush(queue, (float(until), 0, next(self._eid), end))  # type: ignore[misc]  # a mark instead of an event
        while True:
            self._now, _, _, event = heappop(queue)
            if event is end:
                return
            callbacks: Any = event.callbacks
            event.callbacks = None  # type: ignore[assignment]  # as SimPy marks an event that fires
            for callback in callbacks:
                callback(event)


def _build_scheduler(kernel: Kernel) -> Callable[[Occurrence, float, float], None]:
    """The function that puts an event on SimPy's own list; a closure because it is called twice per request.

    ``schedule_at(event, time, key)``: let the event fire at ``time`` (seconds, not before the present), before those of
    the same instant with a higher key. This is the only place that knows how SimPy orders its list.
    """
    queue: list[Any] = kernel._queue
    number = kernel._eid

    def schedule_at(event: Occurrence, time: float, key: float) -> None:
        heappush(queue, (time, key, next(number), event))

    return schedule_at


@contextmanager
def pause_collector() -> Iterator[None]:
    """Pause the cycle collector: rows are tuples of numbers, which it would walk over again and again in vain."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
