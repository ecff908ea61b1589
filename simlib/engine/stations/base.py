"""What the driver asks of a station: the workers of one replica of one host."""

from typing import NamedTuple, Protocol

from simlib.engine.task import Task


class Sample(NamedTuple):
    """A station's integrals since the start of the run: worker-seconds, job-seconds, jobs now, jobs so far."""

    busy: float
    present: float
    number: int
    arrivals: int


class Station(Protocol):
    """Workers that serve jobs. A job holds its worker from `enter` to `leave`, over any number of services."""

    form: str

    def enter(self, task: Task, seconds: float, now: float) -> None:
        """A job arrives; the task fires when its first service is over."""

    def extend(self, task: Task, seconds: float, now: float) -> None:
        """The job that holds a worker goes on for further seconds; the task fires when they are over."""

    def leave(self, task: Task, now: float) -> None:
        """The job gives its worker back."""

    def sample(self, now: float) -> Sample:
        """The integrals up to ``now``."""
