"""Live timing: work is charged the time it took in this very run, by a stopwatch that the caller passes in.

Handlers are wrapped: work is done as soon as it is requested, and the driver gets a result with its seconds. So the
driver is the same for both timings, and a run without a stopwatch pays nothing for the other. The price: the effects of
work, such as a row of a store in this process, happen when the work begins and not when it ends.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, Protocol, runtime_checkable

from simlib.engine.costs import Measured, StatedCosts
from simlib.engine.hosts import Handler, HostContext, InProcess
from simlib.engine.network import Bind, Network
from simlib.engine.verification_cache import VerificationCache
from simlib.scenario.effects import Call, Compute, Flow, Once
from simlib.scenario.errors import InputError
from simlib.scenario.scenario import Scenario
from simlib.tokens import Verification

Stopwatch = Callable[[Callable[[], Any]], tuple[Any, float]]
"""Does some work once; returns its result and the seconds that it took."""

STATED_OPERATIONS = frozenset({"user.authenticate"})
"""Operations whose work here is only a comparison, where a server is slow on purpose: the profile has their time."""


def choose_stopwatch(scenario: Scenario, stopwatch: Stopwatch | None) -> Stopwatch | None:
    """The stopwatch for runs of this scenario: None where times come from the cost profile.

    Raises InputError when the scenario wants live times and there is none.
    """
    if scenario.run.timing == "profile":
        return None
    if stopwatch is None:
        raise InputError(
            f'{scenario.origin}: run.timing: "live" needs a stopwatch: `simlib compare` brings one, in Python give '
            'stopwatch=simlib.CpuStopwatch(); or use timing = "profile"'
        )
    return stopwatch


def build_timed_network(network: Network, stopwatch: Stopwatch, verifier: VerificationCache) -> Network:
    """The network with every work timed that hosts with workers do.

    Work without anything really done, and operations to which the network gives a cost of its own, keep their costs:
    the rows of a database may be kept in memory here, but its times are the scenario's.
    """
    timed = {host.name: _HostTiming(network, host.name, stopwatch, verifier) for host in network.hosts if host.workers}
    where, bind = network.entry
    return replace(
        network,
        entry=(where, timed[where].wrap_bind(bind) if where in timed else bind),
        handlers={
            target: (host, timed[host].wrap_bind(bind) if host in timed else bind)
            for target, (host, bind) in network.handlers.items()
        },
        after=tuple(
            (instant, host, partial(timed[host].wrap_flow, make) if host in timed else make)
            for instant, host, make in network.after
        ),
        backgrounds={
            host: partial(timed[host].wrap_flows, make) if host in timed else make
            for host, make in network.backgrounds.items()
        },
    )


@runtime_checkable
class _Shortened(Protocol):
    """Work that is done here by a short cut, and elsewhere as its library is shipped."""

    def as_shipped(self) -> Any: ...


class _HostTiming:
    """Wrapper of the handlers and background work of one host."""

    def __init__(self, network: Network, host: str, stopwatch: Stopwatch, verifier: VerificationCache) -> None:
        costs = network.costs_of.get(host, network.costs)
        self._host = host
        self._stated = STATED_OPERATIONS | (costs.costs.keys() if isinstance(costs, StatedCosts) else frozenset())
        self._local = _list_in_process(network, host)
        self._stopwatch = stopwatch
        self._verifier = verifier

    def wrap_bind(self, bind: Bind) -> Bind:
        """A bind whose handlers are timed."""

        def timed(context: HostContext) -> Handler:
            handler = bind(context)
            return lambda request: self._time_flow(handler(request))

        return timed

    def wrap_flow(self, make: Callable[[], Flow[Any]]) -> Flow[Any]:
        """Handler that ``make`` makes, timed."""
        return self._time_flow(make())

    def wrap_flows(
        self, make: Callable[[HostContext], tuple[Flow[Any], ...]], context: HostContext
    ) -> tuple[Flow[Any], ...]:
        """Handlers that ``make`` makes for one replica, timed."""
        return tuple(self._time_flow(flow) for flow in make(context))

    def _time_flow(self, flow: Flow[Any]) -> Flow[Any]:
        """The generator, with its work done and timed here."""
        answer: Any = None
        while True:
            try:
                effect = flow.send(answer)
            except StopIteration as stop:
                return stop.value
            if isinstance(effect, Compute):
                operation, work = effect
                if work is not None and operation not in self._stated:
                    effect = self._measure(operation, work)
            elif isinstance(effect, Call) and effect.target in self._local:
                resource = self._local[effect.target]
                operation = resource.operation_of(effect.request)
                if operation not in self._stated:
                    effect = self._measure(operation, partial(resource.execute, effect.request))
            elif isinstance(effect, Once):
                effect = effect._replace(work=partial(self.wrap_flow, effect.work))
            answer = yield effect

    def _measure(self, operation: str, work: Callable[[], Any]) -> Compute:
        """Do the work and time it. Raises ValueError for a stopwatch that returns no time."""
        # The simulation verifies by a short cut with the same verdict, which a server would not have.
        result, seconds = self._stopwatch(work.as_shipped if isinstance(work, _Shortened) else work)
        if not 0 <= seconds < float("inf"):
            raise ValueError(f"the stopwatch says that {operation} took {seconds} s")
        if isinstance(work, Verification):
            self._verifier.note(work, self._host)
        return Compute(Measured(operation, seconds), partial(_return, result))


def _list_in_process(network: Network, host: str) -> dict[str, InProcess]:
    """Services that a host reaches in its own process, by the names that it uses (an alias hides what has its name)."""
    local = {**network.local, **network.local_to.get(host, {})}
    aliases = network.aliases.get(host, {})
    kept = {name: resource for name, resource in local.items() if name not in aliases}
    return kept | {name: local[target] for name, target in aliases.items() if target in local}


def _return(result: Any) -> Any:
    return result
