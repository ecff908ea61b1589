"""Admission control: calls to hosts that refuse further requests while they have too many in progress."""

from collections.abc import Callable, Mapping

from simlib.engine.calls import CONNECT_IN, Calls
from simlib.engine.hosts import Replica
from simlib.engine.kernel import Callbacks, Kernel
from simlib.engine.task import CallFrame, Task, TaskRunner
from simlib.scenario.design import Admission
from simlib.scenario.effects import Reply
from simlib.scenario.sinks import Row


class AdmissionCount:
    """Requests that one replica has admitted and not answered yet."""

    __slots__ = ("in_progress", "limit", "refusal")

    def __init__(self, admission: Admission) -> None:
        self.limit = admission.limit
        self.refusal = Reply(503, retry_after=admission.retry_after_s)
        self.in_progress = 0


class LimitedCalls(Calls):
    """Calls to hosts with a limit: requests beyond it are refused with 503, for the cost of taking in a call.

    The refusal waits for a worker like any other work of the host, but for no thread. A request whose caller has given
    up counts until it is answered.
    """

    def __init__(
        self,
        kernel: Kernel,
        driver: TaskRunner,
        call_row: Callable[[Row], None] | None,
        limits: Mapping[str, Admission],
    ) -> None:
        super().__init__(kernel, driver, call_row)
        self._limits = limits
        self._admissions: dict[Replica, AdmissionCount | None] = {}
        self._on_refused: Callbacks = self.make_callbacks(self._refuse)

    def _find_admission(self, replica: Replica) -> AdmissionCount | None:
        if replica not in self._admissions:
            limit = self._limits.get(replica.name)
            self._admissions[replica] = None if limit is None else AdmissionCount(limit)
        return self._admissions[replica]

    def _arrive(self, task: Task) -> Task | None:
        admission = self._find_admission(task.host)
        if admission is None:
            return super()._arrive(task)
        if admission.in_progress < admission.limit:
            admission.in_progress += 1
            return super()._arrive(task)
        operations = task.route.call_in
        if operations and task.host.station is not None:
            if task.new_connection:
                operations += CONNECT_IN
            if not self._charge(task, operations, self._on_refused):
                return None
        return self._refuse(task)

    def _refuse(self, task: Task) -> Task | None:
        admission = self._admissions[task.host]
        frame = task.frames.pop()
        assert admission is not None
        assert isinstance(frame, CallFrame)
        return self._send_back(task, frame, admission.refusal)

    def answer(self, task: Task, frame: CallFrame, value: object) -> Task | None:
        """Send the callee's answer, and make room for one more request."""
        admission = self._find_admission(task.host)
        if admission is not None:
            admission.in_progress -= 1
        return super().answer(task, frame, value)
