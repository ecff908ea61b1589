"""Stepper of generators of effects: executes parts at a clock that a test sets, without the simulation's engine.

It executes the same generators as the engine does, has neither stations nor links, and counts calls and operations.
"""

import heapq
import itertools
import math
import random
from collections import Counter
from collections.abc import Callable, Hashable, Mapping
from functools import partial
from hashlib import blake2b
from typing import Any, NamedTuple

from simlib.scenario.effects import Call, Compute, Draw, Failed, Flow, Once, Sleep

Handler = Callable[[Any], Flow[Any]]
Resume = Callable[[Any], None]


class Delay(NamedTuple):
    """Seconds that a call travels before and after the callee's work."""

    before: float = 0.0
    after: float = 0.0


class Host:
    """Where generators run: a clock of its own (``skew`` seconds ahead), a single-flight registry, targets to call.

    ``routes``: targets on other hosts. ``local``: resources inside the process, which
    answer at once. ``costs``: operation -> seconds, 0 when not named.
    """

    def __init__(
        self,
        stepper: "Stepper",
        *,
        routes: Mapping[str, "Route"] | None = None,
        local: Mapping[str, Callable[[Any], Any]] | None = None,
        skew: float = 0.0,
    ) -> None:
        self._stepper = stepper
        self.routes = dict(routes or {})
        self.local = dict(local or {})
        self.costs: dict[str, float] = {}
        self.skew = skew
        self.flights: dict[Hashable, list[Resume]] = {}
        self._drawn = itertools.count()

    def now(self) -> float:
        """The host's own clock, seconds."""
        return self._stepper.now + self.skew

    def random_bytes(self, purpose: str, length: int) -> bytes:
        """Different bytes every time, the same in every run."""
        return blake2b(f"{purpose}/{next(self._drawn)}".encode(), digest_size=length).digest()


class Route(NamedTuple):
    """Host of a target, and the handler of its requests.

    ``inside``: the call is not part of the test, so it takes no time and is not counted.
    """

    host: Host
    handler: Handler
    inside: bool = False


class StartedFlow:
    """Generator in progress; ``value`` is what it returned, ``at`` when (seconds), once it is ``done``."""

    def __init__(self) -> None:
        self.done = False
        self.value: Any = None
        self.at = math.nan

    def settle(self, now: Callable[[], float], value: Any) -> None:
        """Note the result and its instant."""
        self.done, self.value, self.at = True, value, now()


class Entry(NamedTuple):
    """Due action; ``endless``: of a flow that never ends, so that no run waits for it."""

    at: float
    ticket: int
    endless: bool
    act: Callable[[], None]


class Stepper:
    """One clock, one agenda, and counters of calls and operations."""

    def __init__(self, now: float = 0.0) -> None:
        self.now = now
        self.calls: Counter[str] = Counter()
        self.operations: Counter[str] = Counter()
        self.delay: Callable[[str], Delay] = lambda target: Delay()
        self._agenda: list[Entry] = []
        self._endless = False  # whether what happens now is part of a flow that never ends
        self._due = 0  # entries of flows that end
        self._open = 0  # such flows under way
        self._ticket = itertools.count()
        self._random = random.Random(20261123)

    # --- for tests -----------------------------------------------------------------------------------------------

    def start(self, flow: Flow[Any], host: Host) -> StartedFlow:
        """Start a generator at this instant, without letting any time pass."""
        started = StartedFlow()
        self._open += 1

        def settle(value: Any) -> None:
            self._open -= 1
            started.settle(lambda: self.now, value)

        self._continue(False, partial(self._step, flow, host, settle), None)
        return started

    def start_endless(self, flow: Flow[Any], host: Host) -> None:
        """Start a generator that never ends, such as one that polls."""
        self._continue(True, partial(self._step, flow, host, _discard), None)

    def finish(self, flow: Flow[Any], host: Host) -> Any:
        """Run a generator to its end, and the clock as far as that takes; returns its result."""
        started = self.start(flow, host)
        while not started.done:
            self._next()
        return started.value

    def run(self, until: float = math.inf) -> None:
        """Do what is due up to an instant and set the clock to it.

        Without an instant, go on until only flows that never end are left.
        """
        if not math.isfinite(until):
            while self._open or self._due:
                self._next()
            return
        while self._agenda and self._agenda[0].at <= until:
            self._next()
        assert until >= self.now, "the clock does not go back"
        self.now = until

    # --- for parts ------------------------------------------------------------------------------------------------

    def _next(self) -> None:
        entry = heapq.heappop(self._agenda)
        self.now = max(self.now, entry.at)  # a test may have set the clock beyond it
        self._due -= not entry.endless
        self._continue(entry.endless, lambda _: entry.act(), None)

    def _continue(self, endless: bool, act: Resume, value: Any) -> None:
        """Continue a flow that ends, or one that does not."""
        before, self._endless = self._endless, endless
        act(value)
        self._endless = before

    def _schedule(self, seconds: float, act: Callable[[], None]) -> None:
        self._due += not self._endless
        heapq.heappush(self._agenda, Entry(self.now + seconds, next(self._ticket), self._endless, act))

    def _step(self, flow: Flow[Any], host: Host, done: Resume, answer: Any) -> None:
        """Run a generator up to its next wait."""
        resume = partial(self._step, flow, host, done)
        while True:
            try:
                effect = flow.send(answer)
            except StopIteration as stop:
                done(stop.value)
                return
            match effect:
                case Compute(operation, work):
                    self.operations[operation] += 1
                    answer = None if work is None else work()
                    if host.costs.get(operation):
                        self._schedule(host.costs[operation], partial(resume, answer))
                        return
                case Call(target, request) if target in host.local:
                    self.calls[target] += 1
                    answer = host.local[target](request)
                case Call():
                    self._call(effect, host, resume)
                    return
                case Sleep(seconds):
                    self._schedule(seconds, partial(resume, None))
                    return
                case Once(_, _, wait):
                    self._once(effect, host, resume if wait else _discard)
                    if wait:
                        return
                    answer = None
                case Draw():
                    answer = self._random.random()
                case _:
                    raise TypeError(f"{effect!r} is not an effect")

    def _call(self, call: Call, caller: Host, resume: Resume) -> None:
        host, handler, inside = caller.routes[call.target]
        if inside:
            self._step(handler(call.request), host, resume, None)
            return
        self.calls[call.target] += 1
        delay = self.delay(call.target)
        waiting = [resume]

        def settle(answer: Any) -> None:
            if waiting:  # answer or timeout, whichever comes first; the callee works on in any case
                waiting.pop()(answer)

        if call.timeout is not None:
            self._schedule(call.timeout, partial(settle, Failed("timed_out")))

        def travel_back(answer: Any) -> None:
            self._schedule(delay.after, partial(settle, answer))

        self._schedule(delay.before, lambda: self._step(handler(call.request), host, travel_back, None))

    def _once(self, once: Once, host: Host, resume: Resume) -> None:
        resume = partial(self._continue, self._endless, resume)
        waiting = host.flights.get(once.key)
        if waiting is not None:
            waiting.append(resume)
            return
        host.flights[once.key] = [resume]

        def land(value: Any) -> None:
            for waiter in host.flights.pop(once.key):
                waiter(value)

        self._step(once.work(), host, land, None)


def _discard(_: Any) -> None:
    """Discard the result of work behind a request."""
