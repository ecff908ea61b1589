"""A driver that runs the generators of a network one message at a time and notes every effect: who does what, in order.

It has no stations, queues or costs: work takes no time, and every message is under way for the same short while, so
that what happens beside each other keeps its order. Of several replicas the first one answers. It counts nothing;
`simlib.analysis.process` does.
"""

from collections.abc import Callable, Hashable
from typing import Any, Literal, NamedTuple

from simlib.engine.calls import as_failure
from simlib.engine.hosts import HostContext
from simlib.engine.kernel import Kernel, Occurrence
from simlib.engine.network import Bind, Network
from simlib.engine.request_log import RequestLog, Mark
from simlib.scenario.effects import Call, Compute, Draw, Failed, Flow, Once, Sleep, Verdict
from simlib.scenario.messages import (
    SharedGet,
    SharedPut,
    StoreConsume,
    StoreGet,
    StorePut,
    StoreRevoke,
    StoreRevokedSince,
)
from simlib.scenario.variates import Variates
from simlib.tracing.routes import TracedReplica, Way, traced_replicas

ONE_WAY_S = 0.001
"""Seconds that each message is under way."""
BACKGROUND = "background"
"""The phase of what hosts do by themselves, unless the one who traces says otherwise."""

_VERBS: dict[type[Any], str] = {
    **{StoreGet: "get", StorePut: "put", StoreRevoke: "revoke", StoreConsume: "consume", StoreRevokedSince: "list"},
    **{SharedGet: "get", SharedPut: "put"},
}


class Step(NamedTuple):
    """One effect. A call between hosts makes two: the request that leaves, and the reply that its callee sends back.

    ``number`` counts from 1 through the whole trace, ``instant`` is in seconds. ``party`` is the host where it happens
    and ``other`` the host that a message goes to. ``what``: the operation of work, the target of a message, with the
    verb ("store.put") when it goes to a store. ``size`` in bytes, head included. ``status`` belongs to replies, 0
    stands for an answer without one. ``depth``: how many calls enclose it. ``behind``: nobody waits for it.
    ``by_itself``: nobody asked for it either, such as polling.
    """

    phase: str
    number: int
    instant: float
    party: str
    kind: Literal["work", "request", "reply", "store", "wait"]
    what: str
    other: str = ""
    size: int = 0
    status: int = 0
    depth: int = 0
    behind: bool = False
    by_itself: bool = False


class _Frame(NamedTuple):
    """A generator and where it runs; ``call`` when it answers another host, ``key`` when others may wait for it."""

    flow: Flow[Any]
    replica: TracedReplica
    call: "tuple[TracedReplica, Way] | None" = None
    key: Hashable = None


class _Task:
    """Generators that wait for each other, the last of them at work."""

    def __init__(self, frame: _Frame, behind: bool, background: bool) -> None:
        self.frames = [frame]
        self.behind = behind
        self.background = background
        self.asked = 0
        self.done = False
        self.value: Any = None


class Tracer:
    """A network under way. ``phase`` is written on every step; ``on_request`` hears of each call before it is made.

    Whoever wants to know more puts something in the place of the other ``on_`` attributes: ``on_answer`` hears of each
    answer as it leaves (who asked, the target, the answer), ``on_verdict`` of what a host has decided about a token,
    ``on_work`` of what work has come to (host, operation, result).

    ``broken``: the phase and the number, from 0, of a call in it that is answered by ``Failed("unreachable")``. What
    hosts do by themselves is not numbered, nor are calls of a server to the database that is part of it.
    """

    def __init__(self, network: Network, variates: Variates, broken: tuple[str, int] | None = None) -> None:
        self.steps: list[Step] = []
        self.phase = ""
        self.background_phase = BACKGROUND
        self.on_request: Callable[[str, Call], None] = _nothing
        self.on_answer: Callable[[str, str, Any], None] = _nothing
        self.on_verdict: Callable[[str, Verdict], None] = _nothing
        self.on_work: Callable[[str, str, Any], None] = _nothing
        self._variates = variates
        self._broken = broken
        self._calls: dict[str, int] = {}
        self._kernel = Kernel()
        self._replicas = traced_replicas(network, self._kernel, variates)
        self._backgrounds = [
            self._start(_Frame(flow, replica), behind=True, background=True)
            for host, make in network.backgrounds.items()
            for replica in self._replicas[host]
            for flow in make(replica.context)
        ]

    # --- for the one who traces --------------------------------------------------------------------------------------

    @property
    def now(self) -> float:
        """Seconds since the start."""
        return self._kernel._now

    def ask(self, host: str, bind: Bind, journey: RequestLog) -> Any:
        """One request of a client; returns the client's last answer."""
        replica = self._replicas[host][0]
        return self.run(host, bind(replica.context)(journey))

    def run(self, host: str, flow: Flow[Any]) -> Any:
        """Run a generator on a host until it is over, with all that happens meanwhile; returns what it returns."""
        task = self._start(_Frame(flow, self._replicas[host][0]), behind=False, background=False)
        while not task.done:
            self._kernel.step()
        return task.value

    def begin(self, host: str, flow: Flow[Any]) -> None:
        """Let a generator run on a host beside everything else."""
        self._start(_Frame(flow, self._replicas[host][0]), behind=True, background=True)

    def context(self, host: str) -> HostContext:
        """What the first replica of a host is lent."""
        return self._replicas[host][0].context

    def let_pass(self, until: float) -> None:
        """Do what happens by itself up to an instant (seconds) and set the clock to it."""
        while self._kernel.peek() <= until:
            self._kernel.step()
        self._kernel._now = max(self.now, until)

    def let_backgrounds_ask(self, until: float) -> None:
        """Go on until everything that works by itself has asked somebody once more, at the latest until ``until``."""
        before = [task.asked for task in self._backgrounds]
        while any(task.asked == count for task, count in zip(self._backgrounds, before, strict=True)):
            if self._kernel.peek() > until:
                break
            self._kernel.step()
        self.let_pass(min(until, self.now + 4 * ONE_WAY_S))

    # --- generators --------------------------------------------------------------------------------------------------

    def _start(self, frame: _Frame, *, behind: bool, background: bool) -> _Task:
        task = _Task(frame, behind, background)
        self._later(0.0, task, None)
        return task

    def _later(self, seconds: float, task: _Task, answer: Any) -> None:
        occurrence = Occurrence(self._kernel, [lambda _: self._advance(task, answer)])
        self._kernel.schedule_at(occurrence, self.now + seconds, 0)

    def _advance(self, task: _Task, answer: Any) -> None:
        """Give the task's last generator an answer and carry it to its next wait."""
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
                    self._land(frame, answer)
                continue
            waits, answer = self._perform(task, frame.replica, effect)
            if waits:
                return
        task.value, task.done = answer, True

    def _perform(self, task: _Task, replica: TracedReplica, effect: Any) -> tuple[bool, Any]:
        """Do what an effect asks for: whether the task waits now, else the answer."""
        match effect:
            case Compute(operation, work):
                self._note(task, replica, "work", operation)
                result = None if work is None else work()
                self.on_work(replica.party, operation, result)
                return False, result
            case Call(target, request) if target in replica.local:
                self._note(task, replica, "store", _named(target, request))
                return False, replica.local[target].execute(request)
            case Call():
                self._call(task, replica, effect)
                return True, None
            case Sleep(seconds):
                self._note(task, replica, "wait", f"{seconds:g} s")
                self._later(seconds, task, None)
                return True, None
            case Once():
                return self._once(task, replica, effect)
            case Draw(name):
                replica.drawn += 1
                return False, self._variates.one(f"{replica.name}.{name}", replica.context.replica, replica.drawn)
            case Mark(_, verdict):
                if verdict is not None:
                    self.on_verdict(replica.party, verdict)
                return False, None
        raise TypeError(f"a part yielded {effect!r}, which is not an effect")

    def _once(self, task: _Task, replica: TracedReplica, once: Once) -> tuple[bool, Any]:
        waiting = replica.flights.get(once.key)
        if waiting is None:
            replica.flights[once.key] = []
            frame = _Frame(once.work(), replica, key=once.key)
            if once.wait:
                task.frames.append(frame)
            else:
                self._start(frame, behind=True, background=task.background)
            return False, None
        if once.wait:
            waiting.append(task)
        return once.wait, None

    def _land(self, frame: _Frame, answer: Any) -> None:
        for waiting in frame.replica.flights.pop(frame.key):
            self._later(0.0, waiting, answer)

    # --- messages ----------------------------------------------------------------------------------------------------

    def _call(self, task: _Task, replica: TracedReplica, call: Call) -> None:
        self.on_request(replica.party, call)
        way = replica.ways[call.target]
        task.asked += 1
        size = way.path.head_out + call.request.size
        self._note(task, replica, "request", _named(call.target, call.request), way.callee.party, size)
        if self._breaks(task, way):
            self._later(2 * ONE_WAY_S, task, Failed("unreachable"))
            return
        flow = way.callee.handlers[way.target](call.request)
        task.frames.append(_Frame(flow, way.callee, (replica, way)))
        self._later(ONE_WAY_S, task, None)

    def _breaks(self, task: _Task, way: Way) -> bool:
        if task.background or way.behind_the_server:
            return False
        number = self._calls.get(self.phase, 0)
        self._calls[self.phase] = number + 1
        return self._broken == (self.phase, number)

    def _reply(self, task: _Task, call: tuple[TracedReplica, Way], answer: Any) -> None:
        caller, way = call
        self.on_answer(caller.party, way.target, answer)
        size = way.path.head_back + answer.size
        self._note(task, way.callee, "reply", way.target, caller.party, size, answer.status)
        self._later(ONE_WAY_S, task, as_failure(answer))

    def _note(
        self,
        task: _Task,
        replica: TracedReplica,
        kind: Literal["work", "request", "reply", "store", "wait"],
        what: str,
        other: str = "",
        size: int = 0,
        status: int = 0,
    ) -> None:
        phase = self.background_phase if task.background else self.phase
        depth = sum(frame.call is not None for frame in task.frames)
        where = (phase, len(self.steps) + 1, self.now, replica.party)
        self.steps.append(Step(*where, kind, what, other, size, status, depth, task.behind, task.background))


def _named(target: str, request: Any) -> str:
    verb = _VERBS.get(type(request))
    return target.partition("@")[0] if verb is None else f"{target.partition('@')[0]}.{verb}"


def _nothing(*told: Any) -> None:
    """Nobody listens."""
