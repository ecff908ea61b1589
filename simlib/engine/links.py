"""Links while the simulation runs: delay, bytes, the connections that a caller keeps open, and timeouts of calls.

Timeouts of equal length end in the order in which they were set, so one alarm for the first that still matters replaces
an event for each.
"""

from bisect import insort
from collections import deque
from collections.abc import Callable
from functools import partial
from operator import attrgetter

from simlib.engine.costs import DrawnColumn, SecondsOf
from simlib.engine.kernel import Kernel, Occurrence
from simlib.engine.request_window import RequestWindow
from simlib.engine.task import Task, Timeout
from simlib.scenario.distributions import Constant
from simlib.scenario.variates import Variates


class LinkRuntime:
    """One link between two hosts: a round-trip time per call, half of it each way, plus the bytes.

    ``head_out`` and ``head_back`` are the bytes of a message beside its token and body.
    """

    __slots__ = (
        "bandwidth",
        "connect_round_trips",
        "connections",
        "fixed",
        "head_back",
        "head_out",
        "keep_alive",
        "round_trip",
    )

    def __init__(
        self,
        name: str,
        round_trip: SecondsOf,
        variates: Variates,
        window: RequestWindow,
        *,
        bandwidth: float | None = None,
        connections: int | None = None,
        keep_alive: float | None = None,
        connect_round_trips: float = 0.0,
        head_out: int = 0,
        head_back: int = 0,
    ) -> None:
        self.round_trip = DrawnColumn(f"link.{name}", round_trip, variates, window)
        self.fixed = round_trip.value_s if isinstance(round_trip, Constant) else None
        self.bandwidth = bandwidth
        self.connections = connections
        self.keep_alive = keep_alive
        self.connect_round_trips = connect_round_trips
        self.head_out = head_out
        self.head_back = head_back

    @property
    def pooled(self) -> bool:
        """Whether connections are counted on this link."""
        return self.connections is not None or self.keep_alive is not None

    def compute_transmission_time(self, size: int) -> float:
        """Seconds to push so many bytes into the link."""
        return 0.0 if self.bandwidth is None else size / self.bandwidth


class Connections:
    """The connection pool of one caller replica to one host: last used is first reused.

    ``draw`` (uniforms): connections have been in use before the run. The past is the future's mirror image, so one
    that is first needed y seconds into the run, because all others are in use, was last used X seconds before it,
    where X has the law of y. Where such times are exponential and their mean is not known, X + y is below the
    keep-alive time K with probability 1 - y/K.
    """

    __slots__ = ("_draw", "_idle", "_limit", "_most", "_open", "keep_alive", "waiting")

    def __init__(self, limit: int | None, keep_alive: float | None, draw: Callable[[], float] | None = None) -> None:
        self._draw = draw
        self._most = 0
        self._limit = limit
        self._idle: list[float] = []
        self._open = 0
        self.keep_alive = keep_alive
        self.waiting: deque[Task] = deque()

    def acquire(self, now: float) -> str:
        """Take a connection: "reused", "new" (to be opened first) or "full" (wait for a release)."""
        self._close_stale(now)
        if self._idle:
            self._idle.pop()
            return "reused"
        if self._limit is None or self._open < self._limit:
            self._open += 1
            return "reused" if self._draw is not None and self._is_from_before(now, self._draw) else "new"
        return "full"

    def _is_from_before(self, now: float, draw: Callable[[], float]) -> bool:
        """Whether one that is needed as a further one for the first time has been open since before the run."""
        if self._open <= self._most:
            return False
        self._most = self._open
        return self.keep_alive is None or draw() < 1 - now / self.keep_alive

    def release(self, now: float) -> Task | None:
        """Give a connection back; returns the task that waited longest, if any, which takes it over at once."""
        if self.waiting:
            return self.waiting.popleft()
        self._idle.append(now)
        return None

    def close(self) -> None:
        """Close a connection in use; a waiting call may open another."""
        self._open -= 1

    def close_idle(self) -> None:
        """Close the idle connections."""
        self._open -= len(self._idle)
        self._idle.clear()

    def _close_stale(self, now: float) -> None:
        keep_alive = self.keep_alive
        if keep_alive is None:
            return
        idle = self._idle
        stale = 0
        while stale < len(idle) and now - idle[stale] >= keep_alive:
            stale += 1
        if stale:
            del idle[:stale]
            self._open -= stale


_DUE = attrgetter("end", "key")


class _ClocksOfLength:
    """The clocks of one length, soonest first, and the alarm set for the first of them."""

    __slots__ = ("alarm", "clocks")

    def __init__(self) -> None:
        self.clocks: deque[Timeout] = deque()
        self.alarm: Occurrence | None = None


class Timeouts:
    """Timeouts of a run; ``fire`` is called with each that ends while its caller still waits."""

    def __init__(self, kernel: Kernel, fire: Callable[[Timeout], None]) -> None:
        self._kernel = kernel
        self._fire = fire
        self._by_length: dict[float, _ClocksOfLength] = {}

    def start(self, waiting: Task, seconds: float) -> Timeout:
        """Set a timeout for a waiting task."""
        # Half a key early: an answer that comes at the very instant is too late, in whatever order they were scheduled.
        end, key = self._kernel._now + seconds, waiting.key - 0.5
        clock = Timeout(waiting, end, key)
        line = self._by_length.get(seconds)
        if line is None:
            line = self._by_length[seconds] = _ClocksOfLength()
        clocks = line.clocks
        if clocks:
            last = clocks[-1]
            if last.end < end or (last.end == end and last.key <= key):
                clocks.append(clock)
                return clock
            insort(clocks, clock, key=_DUE)  # a station that looks ahead sets clocks out of order
        else:
            clocks.append(clock)
        if clocks[0] is clock:
            self._set_alarm(line, Occurrence(self._kernel))
        return clock

    def _set_alarm(self, line: _ClocksOfLength, alarm: Occurrence) -> None:
        line.alarm = alarm
        alarm.callbacks = [partial(self._ring, line)]
        first = line.clocks[0]
        self._kernel.schedule_at(alarm, first.end, first.key)

    def _ring(self, line: _ClocksOfLength, alarm: Occurrence) -> None:
        if alarm is not line.alarm:
            return  # an earlier clock was set since
        clocks = line.clocks
        first = clocks.popleft()
        while clocks and clocks[0].waiting is None:
            clocks.popleft()
        if clocks:
            self._set_alarm(line, alarm)
        # One clock per event, and last: its caller may look ahead in time and set new clocks.
        if first.waiting is not None:
            self._fire(first)
