"""Hosts that turn requests away when they have too many: a limit on admission.

Chosen when a run is built, and only for networks with such a host.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from simlib.engine.exchange import Exchange
from simlib.engine.hosts import Replica
from simlib.engine.kernel import Callbacks, Kernel
from simlib.engine.task import CallFrame, Task
from simlib.scenario.design import Admission
from simlib.scenario.effects import Reply
from simlib.scenario.sinks import Row

if TYPE_CHECKING:
    from simlib.engine.driver import Driver


class Door:
    """How many requests one replica has let in that it has not answered yet."""

    __slots__ = ("limit", "present", "refusal")

    def __init__(self, admission: Admission) -> None:
        self.limit = admission.limit
        self.refusal = Reply(503, retry_after=admission.retry_after_s)
        self.present = 0


class LimitedAdmission(Exchange):
    """An exchange at whose doors the surplus is refused with 503, for the price of taking in a call.

    The refusal waits for a worker like any other work of the host, but for no thread. A request whose caller has given
    up stays in until it is answered.
    """

    def __init__(
        self,
        kernel: Kernel,
        driver: "Driver",
        call_row: Callable[[Row], None] | None,
        limits: Mapping[str, Admission],
    ) -> None:
        super().__init__(kernel, driver, call_row)
        self._limits = limits
        self._doors: dict[Replica, Door | None] = {}
        self._on_refused: Callbacks = [self._refuse]

    def _door(self, replica: Replica) -> Door | None:
        if replica not in self._doors:
            limit = self._limits.get(replica.name)
            self._doors[replica] = None if limit is None else Door(limit)
        return self._doors[replica]

    def _arrived(self, task: Task) -> None:
        door = self._door(task.host)
        if door is None:
            super()._arrived(task)
        elif door.present < door.limit:
            door.present += 1
            super()._arrived(task)
        elif task.route.call_in and task.host.station is not None:
            self.driver.charge(task, self._taking_in(task), self._on_refused)
        else:
            self._refuse(task)

    def _refuse(self, task: Task) -> None:
        door = self._doors[task.host]
        frame = task.frames.pop()
        assert door is not None
        assert isinstance(frame, CallFrame)
        self._send_back(task, frame, door.refusal)

    def answer(self, task: Task, frame: CallFrame, value: object) -> None:
        """The callee is done, and has room for one more."""
        door = self._door(task.host)
        if door is not None:
            door.present -= 1
        super().answer(task, frame, value)
