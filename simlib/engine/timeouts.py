"""Clocks that callers set on their calls. Most are never needed: the answer comes first.

Clocks of equal length run out in the order in which they were set, so one alarm for the first that still matters
replaces an event for each.
"""

from bisect import insort
from collections import deque
from collections.abc import Callable
from functools import partial
from operator import attrgetter

from simlib.engine.kernel import Kernel, Occurrence
from simlib.engine.task import Task, Timeout

_DUE = attrgetter("due")


class _Line:
    """The clocks of one length, soonest first, and the alarm set for the first of them."""

    __slots__ = ("alarm", "clocks")

    def __init__(self) -> None:
        self.clocks: deque[Timeout] = deque()
        self.alarm: Occurrence | None = None


class Timeouts:
    """All clocks of a run; ``fire`` is told of each that runs out while its caller still waits."""

    def __init__(self, kernel: Kernel, fire: Callable[[Timeout], None]) -> None:
        self._kernel = kernel
        self._fire = fire
        self._lines: dict[float, _Line] = {}

    def start(self, waiting: Task, seconds: float) -> Timeout:
        """Set a clock for a waiting task."""
        # Half a key early: an answer that comes at the very instant is too late, whoever was scheduled first.
        clock = Timeout(waiting, (self._kernel._now + seconds, waiting.key - 0.5))
        line = self._lines.get(seconds)
        if line is None:
            line = self._lines[seconds] = _Line()
        clocks = line.clocks
        if clocks and clocks[-1].due > clock.due:  # a station that looks ahead sets clocks out of order
            insort(clocks, clock, key=_DUE)
        else:
            clocks.append(clock)
        if clocks[0] is clock:
            self._set_alarm(line, Occurrence(self._kernel))
        return clock

    def _set_alarm(self, line: _Line, alarm: Occurrence) -> None:
        line.alarm = alarm
        alarm.callbacks = [partial(self._ring, line)]
        self._kernel.schedule_at(alarm, *line.clocks[0].due)

    def _ring(self, line: _Line, alarm: Occurrence) -> None:
        if alarm is not line.alarm:
            return  # an earlier clock was set since
        first = line.clocks.popleft()
        while line.clocks and line.clocks[0].waiting is None:
            line.clocks.popleft()
        if line.clocks:
            self._set_alarm(line, alarm)
        # One clock per event, and last: whoever goes on may look ahead in time and may set new clocks.
        if first.waiting is not None:
            self._fire(first)
