"""Faults of a network, as values: what happens to its hosts and links, and when. All instants are seconds.

A scenario's faults become these in `simlib.deployment.fault_schedule`; models built by hand may give them directly.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from simlib.engine.hosts import HostContext
from simlib.scenario.effects import Flow
from simlib.scenario.fault_times import FaultTime


class Outage(NamedTuple):
    """A host is down from ``begin`` to ``end``; with ``target`` it refuses that one alone.

    New calls are refused after one round trip. Without ``target`` all work of the host is lost at ``begin``: callers
    that wait for it get the failure after the way back. Calls that the host had made are finished.
    """

    host: str
    begin: float
    end: float
    target: str = ""


class Slowdown(NamedTuple):
    """A host takes ``factor`` times as long; with ``operations`` only for those whose names begin so.

    A host that is slow as a whole is slow with what it has in hand; single operations are, when they are begun.
    """

    host: str
    begin: float
    end: float
    factor: float
    operations: str = ""


class Cut(NamedTuple):
    """Messages between two hosts are lost, whichever of them sends."""

    one: str
    other: str
    begin: float
    end: float


class Skew(NamedTuple):
    """The clock of a host, or of one replica of it, is ``seconds`` ahead."""

    host: str
    begin: float
    end: float
    seconds: float
    replica: int | None = None


class Restart(NamedTuple):
    """All replicas of a host begin anew at an instant; ``forget`` clears what their handlers are bound to."""

    host: str
    at: float
    forget: Callable[[], None]


class Job(NamedTuple):
    """Work of a host's first replica at an instant, outside any request; none when the host is down then."""

    host: str
    at: float
    make: Callable[[HostContext], Flow[Any]]


class ExtraArrivals(NamedTuple):
    """Requests beside those of the users: when each comes, where it starts, and its generator by its number.

    They are numbered after the users' requests, so that no random number depends on them.
    """

    times: tuple[float, ...]
    host: str
    make: Callable[[int], Flow[Any]]


@dataclass(frozen=True)
class Faults:
    """Faults of one run. ``times`` name them for the records, each with its kind."""

    times: tuple[tuple[FaultTime, str], ...] = ()
    outages: tuple[Outage, ...] = ()
    slowdowns: tuple[Slowdown, ...] = ()
    cuts: tuple[Cut, ...] = ()
    skews: tuple[Skew, ...] = ()
    restarts: tuple[Restart, ...] = ()
    jobs: tuple[Job, ...] = ()
    extra_arrivals: ExtraArrivals | None = None

    @property
    def extra_count(self) -> int:
        """Number of requests beside those of the users."""
        return 0 if self.extra_arrivals is None else len(self.extra_arrivals.times)

    def has_varying_capacity(self, host: str) -> bool:
        """Whether the stations of a host change their speed or lose their work."""
        lost = any(outage.host == host and not outage.target for outage in self.outages)
        return lost or any(slow.host == host and not slow.operations for slow in self.slowdowns)
