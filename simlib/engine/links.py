"""Links while the simulation runs: delay, bytes, and the connections that a caller keeps open."""

from collections import deque

from simlib.engine.costs import DrawnColumn, SecondsOf
from simlib.engine.task import Task
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
        requests: int,
        *,
        bandwidth: float | None = None,
        connections: int | None = None,
        keep_alive: float | None = None,
        connect_round_trips: float = 0.0,
        head_out: int = 0,
        head_back: int = 0,
    ) -> None:
        self.round_trip = DrawnColumn(f"link.{name}", round_trip, variates, requests)
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

    def transmission(self, size: int) -> float:
        """Seconds to push so many bytes into the link."""
        return 0.0 if self.bandwidth is None else size / self.bandwidth


class Connections:
    """The connection pool of one caller replica to one host: last used is first reused."""

    __slots__ = ("_idle", "_limit", "_open", "keep_alive", "waiting")

    def __init__(self, limit: int | None, keep_alive: float | None) -> None:
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
            return "new"
        return "full"

    def release(self, now: float) -> Task | None:
        """Give a connection back; the task that waited longest, if any, takes it over at once."""
        if self.waiting:
            return self.waiting.popleft()
        self._idle.append(now)
        return None

    def close(self) -> None:
        """A connection in use is gone; who waits may open another."""
        self._open -= 1

    def close_idle(self) -> None:
        """The connections that nobody uses are gone."""
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
