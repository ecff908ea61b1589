"""Task: a thread of control in the simulation, which is a generator of effects, its host, and its chain of callers."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from simlib.engine.kernel import Occurrence

if TYPE_CHECKING:
    from simlib.engine.hosts import Replica, Route
    from simlib.engine.kernel import Callbacks, Kernel
    from simlib.engine.request_log import RequestLog
    from simlib.engine.stations.base import Station


RETIRED = -2
"""The subject of a task that carries nothing and may be used again."""


class CallFrame(NamedTuple):
    """Caller of a call: its generator and host, and the link that the answer takes."""

    send: Callable[[Any], Any]
    host: "Replica"
    route: "Route"
    one_way: float
    sent: float
    request_bytes: int


class OnceFrame(NamedTuple):
    """The generator that runs a single-flight work in line, and the key under which others wait."""

    send: Callable[[Any], Any]
    key: Any


def stop_iteration(_: Any) -> Any:
    """Stand-in for a generator that has ended: what work behind a request returns to."""
    raise StopIteration


class Task(Occurrence):
    """One request on its way, or work behind the requests; also the event that moves it on.

    ``subject`` owns its variates (the request's number, -1 behind the requests), which are at ``place`` in their
    columns; ``key`` breaks ties between simultaneous events. ``held`` is the station whose worker it occupies.
    """

    __slots__ = (
        "arrival",
        "effect",
        "entered",
        "frames",
        "held",
        "host",
        "key",
        "log",
        "new_connection",
        "parent",
        "place",
        "reply_bytes",
        "route",
        "seconds",
        "send",
        "subject",
        "value",
        "work",
    )

    def __init__(self, kernel: "Kernel") -> None:
        super().__init__(kernel)
        self.frames: list[CallFrame | OnceFrame] = []
        self.held: Station | None = None
        self.log: RequestLog | None = None
        self.parent: Timeout | None = None
        self.subject = self.place = -1
        self.key = 0
        self.host: Replica
        self.send: Callable[[Any], Any]
        self.work: Callable[[], Any] | None = None
        self.value: Any = None
        self.effect: Any = None
        self.arrival = 0.0
        self.entered = 0.0
        self.route: Route
        self.reply_bytes = 0
        self.new_connection = False
        self.seconds = 0.0


class Timeout:
    """The clock that a caller sets on a call; whichever comes first, answer or clock, sets ``waiting`` to None.

    ``end`` is in seconds, ``key`` breaks ties between events of that instant.
    """

    __slots__ = ("end", "key", "waiting")

    def __init__(self, waiting: Task | None, end: float, key: float) -> None:
        self.waiting = waiting
        self.end = end
        self.key = key


class TaskRunner(Protocol):
    """Driver of tasks, as seen by calls between hosts. ``spare`` are tasks that carry nothing, the last used last."""

    spare: list[Task]

    def new_task(self, subject: int, key: int) -> Task:
        """A task that owns the variates of ``subject``."""

    def retire(self, task: Task) -> None:
        """Take back a task that carries nothing any more."""

    def advance(self, task: Task, value: Any) -> None:
        """Give the task's generator an answer and carry it to its next wait."""

    def release(self, task: Task) -> None:
        """Give back the worker that the task holds, if it holds one."""

    def charge(self, task: Task, operations: tuple[str, ...], then: "Callbacks") -> bool:
        """Serve the task on its host's station for some operations: True when they are over, else ``then`` is called.

        The last thing that an event does for its task, as the clock may have run ahead to their end.
        """

    def write_thread_visit(self, task: Task, since: float, now: float) -> None:
        """Record that a request has given its thread back."""
