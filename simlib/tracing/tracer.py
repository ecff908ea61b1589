"""Tracer: a driver that runs the generators of a network one message at a time and records every effect as a step.

It has no stations, queues or costs: work takes no time, and every message is under way for the same short time, so
that concurrent effects keep their order. Of several replicas the first one answers. `simlib.analysis.process` counts
the steps.
"""

from collections.abc import Callable, Hashable
from typing import Any, NamedTuple

from simlib.engine.answers import convert_failure
from simlib.engine.hosts import HostContext
from simlib.engine.kernel import Kernel, Occurrence
from simlib.engine.network import Bind, Network
from simlib.engine.request_log import Mark, RequestLog
from simlib.scenario.effects import Call, Compute, Draw, Failed, Flow, Once, Sleep, Verdict, refuse_effect
from simlib.scenario.variates import Variates
from simlib.tracing.routes import TracedReplica, TracedRoute, build_traced_replicas
from simlib.tracing.steps import Step, StepKind, name_target

ONE_WAY_S = 0.001
"""Seconds that each message is under way."""
BACKGROUND = "background"
"""Default phase of what hosts do by themselves."""


class _Frame(NamedTuple):
    """A generator and its replica; ``call`` when it answers another host, ``key`` when other tasks may wait for it."""

    flow: Flow[Any]
    replica: TracedReplica
    call: "tuple[TracedReplica, TracedRoute] | None" = None
    key: Hashable = None


class _Task:
    """A stack of generators, each waiting for the next; the last one runs."""

    def __init__(self, frame: _Frame, behind: bool, background: bool) -> None:
        self.frames = [frame]
        self.behind = behind
        self.background = background
        self.call_count = 0
        self.done = False
        self.value: Any = None


class Tracer:
    """A network under way. ``phase`` is recorded in every step.

    Callbacks: ``on_request`` receives each call before it is sent (caller, call), ``on_answer`` each answer as it is
    sent (caller, target, answer), ``on_verdict`` each verdict on a token (host, verdict), ``on_work`` each result of
    work (host, operation, result).

    ``broken``: the phase and the number, from 0, of a call in it that is answered by ``Failed("unreachable")``. Calls
    that hosts make by themselves are not numbered, nor are calls of a server to its own database.
    """

    def __init__(self, network: Network, variates: Variates, broken: tuple[str, int] | None = None) -> None:
        self.steps: list[Step] = []
        self.phase = ""
        self.background_phase = BACKGROUND
        self.on_request: Callable[[str, Call], None] = _ignore
        self.on_answer: Callable[[str, str, Any], None] = _ignore
        self.on_verdict: Callable[[str, Verdict], None] = _ignore
        self.on_work: Callable[[str, str, Any], None] = _ignore
        self._variates = variates
        self._broken = broken
        self._calls: dict[str, int] = {}
        self._kernel = Kernel()
        self._replicas = build_traced_replicas(network, self._kernel, variates)
        self._backgrounds = [
            self._start(_Frame(flow, replica), behind=True, background=True)
            for host, make in network.backgrounds.items()
            for replica in self._replicas[host]
            for flow in make(replica.context)
        ]

    # --- running -----------------------------------------------------------------------------------------------------

    @property
    def now(self) -> float:
        """Seconds since the start."""
        return self._kernel._now

    def run_request(self, host: str, bind: Bind, log: RequestLog) -> Any:
        """Run one request of a client to its end; returns the client's last answer."""
        replica = self._replicas[host][0]
        return self.run(host, bind(replica.context)(log))

    def run(self, host: str, flow: Flow[Any]) -> Any:
        """Run a generator on a host to its end, with all that happens meanwhile; returns its value."""
        task = self._start(_Frame(flow, self._replicas[host][0]), behind=False, background=False)
        while not task.done:
            self._kernel.step()
        return task.value

    def start(self, host: str, flow: Flow[Any]) -> None:
        """Start a generator on a host, in the background."""
        self._start(_Frame(flow, self._replicas[host][0]), behind=True, background=True)

    def get_context(self, host: str) -> HostContext:
        """Get the context of the first replica of a host."""
        return self._replicas[host][0].context

    def advance_to(self, until: float) -> None:
        """Run the background tasks up to an instant (seconds) and set the clock to it."""
        while self._kernel.peek() <= until:
            self._kernel.step()
        self._kernel._now = max(self.now, until)

    def advance_until_polled(self, until: float) -> None:
        """Run until every background task has made one more call, at the latest until ``until`` (seconds)."""
        before = [task.call_count for task in self._backgrounds]
        while any(task.call_count == count for task, count in zip(self._backgrounds, before, strict=True)):
            if self._kernel.peek() > until:
                break
            self._kernel.step()
        self.advance_to(min(until, self.now + 4 * ONE_WAY_S))

    # --- tasks -------------------------------------------------------------------------------------------------------

    def _start(self, frame: _Frame, *, behind: bool, background: bool) -> _Task:
        task = _Task(frame, behind, background)
        self._resume_later(0.0, task, None)
        return task

    def _resume_later(self, seconds: float, task: _Task, answer: Any) -> None:
        occurrence = Occurrence(self._kernel, [lambda _: self._advance(task, answer)])
        self._kernel.schedule_at(occurrence, self.now + seconds, 0)

    def _advance(self, task: _Task, answer: Any) -> None:
        """Send an answer to the task's last generator and run it to its next wait."""
        while task.frames:
            frame = task.frames[-1]
            try:
                effect = frame.flow.send(answer)
            except StopIteration as stop:
                answer = stop.value
                task.frames.pop()
                if frame.call is not None:
                    self._reply(task, frame.call, answer)
                    return
                if frame.key is not None:
                    self._resume_waiting(frame, answer)
                continue
            waits, answer = self._perform(task, frame.replica, effect)
            if waits:
                return
        task.value, task.done = answer, True

    def _perform(self, task: _Task, replica: TracedReplica, effect: Any) -> tuple[bool, Any]:
        """Perform an effect; returns whether the task has to wait, and the answer if not."""
        match effect:
            case Compute(operation, work):
                self._record(task, replica, "work", operation)
                result = None if work is None else work()
                self.on_work(replica.party, operation, result)
                return False, result
            case Call(target, request) if target in replica.local:
                self._record(task, replica, "store", name_target(target, request))
                return False, replica.local[target].execute(request)
            case Call():
                self._call(task, replica, effect)
                return True, None
            case Sleep(seconds):
                self._record(task, replica, "wait", f"{seconds:g} s")
                self._resume_later(seconds, task, None)
                return True, None
            case Once():
                return self._share_work(task, replica, effect)
            case Draw(name):
                replica.draw_count += 1
                return False, self._variates.draw_one(
                    f"{replica.name}.{name}", replica.context.replica, replica.draw_count
                )
            case Mark(_, verdict):
                if verdict is not None:
                    self.on_verdict(replica.party, verdict)
                return False, None
        refuse_effect(task.frames[-1].flow.send, effect)

    def _share_work(self, task: _Task, replica: TracedReplica, once: Once) -> tuple[bool, Any]:
        waiting = replica.in_flight.get(once.key)
        if waiting is None:
            replica.in_flight[once.key] = []
            frame = _Frame(once.work(), replica, key=once.key)
            if once.wait:
                task.frames.append(frame)
            else:
                self._start(frame, behind=True, background=task.background)
            return False, None
        if once.wait:
            waiting.append(task)
        return once.wait, None

    def _resume_waiting(self, frame: _Frame, answer: Any) -> None:
        for waiting in frame.replica.in_flight.pop(frame.key):
            self._resume_later(0.0, waiting, answer)

    # --- messages ----------------------------------------------------------------------------------------------------

    def _call(self, task: _Task, replica: TracedReplica, call: Call) -> None:
        self.on_request(replica.party, call)
        route = replica.routes[call.target]
        task.call_count += 1
        size = route.path.head_out + call.request.size
        self._record(task, replica, "request", name_target(call.target, call.request), route.callee.party, size)
        if self._is_broken(task, route):
            self._resume_later(2 * ONE_WAY_S, task, Failed("unreachable"))
            return
        flow = route.callee.handlers[route.target](call.request)
        task.frames.append(_Frame(flow, route.callee, (replica, route)))
        self._resume_later(ONE_WAY_S, task, None)

    def _is_broken(self, task: _Task, route: TracedRoute) -> bool:
        """Count a call of the phase; returns whether it is the broken one."""
        if task.background or route.is_own_database:
            return False
        number = self._calls.get(self.phase, 0)
        self._calls[self.phase] = number + 1
        return self._broken == (self.phase, number)

    def _reply(self, task: _Task, call: tuple[TracedReplica, TracedRoute], answer: Any) -> None:
        caller, route = call
        self.on_answer(caller.party, route.target, answer)
        size = route.path.head_back + answer.size
        self._record(task, route.callee, "reply", route.target, caller.party, size, answer.status)
        self._resume_later(ONE_WAY_S, task, convert_failure(answer))

    def _record(
        self,
        task: _Task,
        replica: TracedReplica,
        kind: StepKind,
        what: str,
        other: str = "",
        size: int = 0,
        status: int = 0,
    ) -> None:
        phase = self.background_phase if task.background else self.phase
        depth = sum(frame.call is not None for frame in task.frames)
        head = (phase, len(self.steps) + 1, self.now, replica.party)
        self.steps.append(Step(*head, kind, what, other, size, status, depth, task.behind, task.background))


def _ignore(*arguments: Any) -> None:
    """Default callback: do nothing."""
