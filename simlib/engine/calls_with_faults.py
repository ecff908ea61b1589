"""Calls in a network where hosts may be down and messages may get lost.

A call to a host that is down is refused: a reset comes back at once (RFC 9293 section 3.5.2). A message that is lost is
not sent again within the run of a simulation as TCP would: its caller meets its own timeout, or, when it set none, the
end of TCP's retransmissions (assumption: the defaults of Linux, Documentation/networking/ip-sysctl.rst).
"""

from collections.abc import Callable, Mapping
from typing import Any

from simlib.engine.answers import discard_answer
from simlib.engine.calls import Calls
from simlib.engine.calls_with_admission import LimitedCalls
from simlib.engine.hosts import Replica
from simlib.engine.kernel import NEVER, Callbacks, Kernel
from simlib.engine.links import Connections
from simlib.engine.request_log import NAN
from simlib.engine.task import CallFrame, Task, TaskRunner
from simlib.scenario.design import Admission
from simlib.scenario.effects import Failed
from simlib.scenario.records import LOST, RESET
from simlib.scenario.sinks import Row

CONNECTING_S = 127.0
"""Seconds for which TCP tries to open a connection: tcp_syn_retries = 6."""
RETRANSMITTING_S = 924.6
"""Seconds for which TCP tries to get a message through an open one: tcp_retries2 = 15."""
ALL_TARGETS = frozenset({""})


class Conditions:
    """Faults that are present: hosts (with the targets) that refuse calls, and pairs of hosts that are cut off."""

    __slots__ = ("cut", "refusing")

    def __init__(self) -> None:
        self.refusing: dict[str, frozenset[str]] = {}
        self.cut: frozenset[frozenset[str]] = frozenset()

    def refuses(self, host: str, target: str) -> bool:
        """Whether a host refuses calls of a target."""
        refused = self.refusing.get(host)
        return refused is not None and (refused is ALL_TARGETS or target.partition("@")[0] in refused)


class FaultyCalls(Calls):
    """Calls under conditions that the injected faults change as time passes; nothing runs ahead of the event list."""

    def __init__(self, kernel: Kernel, driver: TaskRunner, call_row: Callable[[Row], None] | None) -> None:
        super().__init__(kernel, driver, call_row)
        self.conditions = Conditions()
        self._on_reached: Callbacks = self.make_callbacks(self._reach_callee)
        self._on_lost: Callbacks = [self._lose]
        self._on_given_up: Callbacks = self.make_callbacks(self._give_up)
        self._on_failed: Callbacks = self.make_callbacks(self._finish_failed)

    def is_on_link(self, task: Task) -> bool:
        """Whether the task's last call is on the link, in either direction, and not at its callee."""
        on_line = (self._on_reached, self._on_lost, self._on_given_up, self._on_failed, self._on_answered)
        return any(task.callbacks is callbacks for callbacks in on_line)

    # --- there ---------------------------------------------------------------------------------------------------

    def _dispatch(self, task: Task, round_trips: float, upcoming: list[Any]) -> None:
        conditions, route = self.conditions, task.route
        there = route.replicas[0].name
        if frozenset((task.host.name, there)) in conditions.cut:
            super()._dispatch(task, round_trips, NEVER)
            task.callbacks = self._on_lost
            return
        # Who is refused hears of it after one way there and one back, before any handshake goes on.
        super()._dispatch(task, 0.0 if conditions.refuses(there, route.target) else round_trips, NEVER)
        task.new_connection = round_trips > 0.0
        task.callbacks = self._on_reached

    def _reach_callee(self, task: Task) -> Task | None:
        route = task.route
        if self.conditions.refuses(task.host.name, route.target):
            frame = task.frames[-1]
            assert isinstance(frame, CallFrame)
            self.fail(task, Failed("refused"), frame.one_way)
            return None
        return self._arrive(task) if route.call_in or task.host.threads is not None else self._begin(task)

    # --- and back ------------------------------------------------------------------------------------------------

    def clear_admission(self, replica: Replica) -> None:
        """Forget the requests in progress at a replica that lost its work, where they are counted."""

    def _send_back(self, task: Task, frame: CallFrame, value: Any) -> Task | None:
        """Send an answer back over the link, where it may get lost."""
        host: Replica = task.host
        ready = super()._send_back(task, frame, value)
        if frozenset((host.name, frame.host.name)) in self.conditions.cut:
            task.callbacks = self._on_lost
        return ready

    def _lose(self, task: Task) -> None:
        """Let a lost message run into the timeout of its caller or of TCP."""
        frame = task.frames[-1]
        assert isinstance(frame, CallFrame)
        until = frame.sent + (CONNECTING_S if task.new_connection else RETRANSMITTING_S)
        clock = task.parent
        if clock is not None and frame.send is discard_answer:
            until = min(until, clock.end) if clock.waiting is not None else 0.0
        task.callbacks = self._on_given_up
        self.schedule_at(task, max(until, self.kernel._now), task.key)

    def _give_up(self, task: Task) -> Task | None:
        return self._end(task, Failed("unreachable"), LOST)

    def fail(self, task: Task, failed: Failed, after: float) -> None:
        """Fail the task's last call; its caller gets the failure in ``after`` seconds."""
        task.value = failed
        task.callbacks = self._on_failed
        self.schedule_at(task, self.kernel._now + after, task.key)

    def _finish_failed(self, task: Task) -> Task | None:
        return self._end(task, task.value, RESET)

    def _end(self, task: Task, failed: Failed, status: int) -> Task | None:
        """The call is over without an answer; its connection is closed."""
        frame = task.frames.pop()
        assert isinstance(frame, CallFrame)
        connections = frame.route.connections
        if connections is not None:
            self._close(connections)
        clock = task.parent
        own = clock is not None and frame.send is discard_answer
        if self._call_row is not None:
            heard = clock is None or not own or clock.waiting is not None
            self._write_row(task, frame, task.host.index, self.kernel._now if heard else NAN, status, 0)
        if own and clock is not None:
            return self._deliver(task, clock, failed)
        task.host = frame.host
        task.send = frame.send
        task.value = failed
        return task

    def _close(self, connections: Connections) -> None:
        """Close a connection; the longest waiting call whose caller has not given up opens a new one."""
        connections.close()
        while connections.waiting:
            taker = connections.waiting.popleft()
            if taker.parent is None or taker.parent.waiting is not None:
                self._connect(taker, connections)
                return
            self.driver.retire(taker)


class FaultyLimitedCalls(LimitedCalls, FaultyCalls):
    """Calls with both limits on admission and faults on the links."""

    def clear_admission(self, replica: Replica) -> None:
        """Forget the requests in progress: they are lost."""
        admission = self._find_admission(replica)
        if admission is not None:
            admission.in_progress = 0


def build_faulty_calls(
    kernel: Kernel, driver: TaskRunner, call_row: Callable[[Row], None] | None, limits: Mapping[str, Admission]
) -> FaultyCalls:
    """The calls of a network with faults; ``limits``: host -> its limit on admission."""
    if limits:
        return FaultyLimitedCalls(kernel, driver, call_row, limits)
    return FaultyCalls(kernel, driver, call_row)
