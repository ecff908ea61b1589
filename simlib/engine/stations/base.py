"""Station protocol: the workers of one replica of one host, and the integrals that every station keeps."""

from typing import ClassVar, NamedTuple, Protocol

from simlib.engine.kernel import Kernel
from simlib.engine.task import Task


class Sample(NamedTuple):
    """A station's integrals since the start of the run: worker-seconds, job-seconds, jobs now, jobs so far."""

    busy: float
    present: float
    number: int
    arrivals: int


class Station(Protocol):
    """Workers that serve jobs. A job holds its worker from `enter` to `leave`, over any number of services.

    ``form`` names the kind of station in records and ``discipline`` the queueing discipline in scenarios.
    ``looks_ahead``: start and end of a job are fixed at its arrival, which is exact only for hosts that promise
    ``known_on_arrival``. ``varies``: faults may change its speed and take away its work.
    """

    form: ClassVar[str]
    discipline: ClassVar[str]
    looks_ahead: ClassVar[bool]
    varies: ClassVar[bool]

    def __init__(self, kernel: Kernel, workers: int) -> None: ...

    def enter(self, task: Task, seconds: float, now: float) -> None:
        """Take in a job; the task fires when its first service is over."""

    def extend(self, task: Task, seconds: float, now: float) -> None:
        """Serve the job that holds a worker for further seconds; the task fires when they are over."""

    def leave(self, task: Task, now: float) -> None:
        """Take back the worker of a job."""

    def sample(self, now: float) -> Sample:
        """Read the integrals up to ``now``."""

    def set_speed(self, speed: float, now: float) -> None:
        """Work at another speed from now on (1 as in the cost profile), work in hand included; where it ``varies``."""

    def crash(self, now: float) -> None:
        """Lose every job that is here: none of their tasks fires again; where it ``varies``."""


class Occupancy:
    """Integrals of busy servers and of jobs present, kept by counting jobs as they come and go."""

    __slots__ = ("_arrivals", "_busy", "_idle", "_last", "_number", "_present", "_workers")

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._idle = workers
        self._number = 0
        self._last = 0.0
        self._busy = 0.0
        self._present = 0.0
        self._arrivals = 0

    def _integrate(self, now: float) -> None:
        elapsed = now - self._last
        self._present += self._number * elapsed
        self._busy += (self._workers - self._idle) * elapsed
        self._last = now

    def sample(self, now: float) -> Sample:
        """Read the integrals up to now."""
        self._integrate(now)
        return Sample(self._busy, self._present, self._number, self._arrivals)


class SteadyStation:
    """Stations of fixed capacity, which no fault may vary."""

    __slots__ = ()

    def set_speed(self, speed: float, now: float) -> None:
        """Refuse: the engine chooses another form where a fault varies the speed."""
        raise RuntimeError(f"{type(self).__name__} has a fixed speed")

    def crash(self, now: float) -> None:
        """Refuse: the engine chooses another form where a fault takes work away."""
        raise RuntimeError(f"{type(self).__name__} keeps its work")
