"""Random small networks in which events often coincide: every instant is a multiple of a quarter of a second.

Where callers give up, all costs are fixed: a caller and the work that it has left behind draw from one request's
variates in the order in which they ask, which is the one thing that looking ahead may change.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from simlib.engine.costs import StatedCosts
from simlib.engine.network import Host, Network, Path
from simlib.scenario.distributions import Constant
from simlib.scenario.effects import Call, Compute, Draw, Effect, Reply, Sleep
from simlib.scenario.records import Records
from support.networks import Floats, Law, Message

TIMEOUT_GRAIN = 2.0**-12
"""Each timed call of the entry has a bit of its own below the grid, so that a caller that has given up hardly ever
meets the work it has left behind: see `meets_itself`."""


@dataclass(frozen=True)
class Script:
    """What a handler does: (work before it, wait), wait being a sleep, a draw that sleeps, or a call; then work."""

    visits: tuple[tuple[str | None, Effect], ...]
    last: str | None

    def __call__(self, _: Any) -> Callable[[Any], Any]:
        """As the bind of a handler."""
        return lambda _: self.run()

    def run(self) -> Any:
        for operation, wait in self.visits:
            if operation is not None:
                yield Compute(operation)
            if isinstance(wait, Draw):
                wait = Sleep(float(np.floor((yield wait) * 4) / 4))
            yield wait
        if self.last is not None:
            yield Compute(self.last)
        return Reply(200, b"four" * 4)


def grid(low: int, high: int) -> Law:
    """So many quarters of a second."""

    def inverse(uniform: Floats) -> Floats:
        quarters: Floats = (low + np.floor(uniform * (high - low + 1))) / 4
        return quarters

    return Law(inverse)


OPERATIONS = ("short", "middle", "long")
RANDOM = StatedCosts({"short": grid(1, 1), "middle": grid(1, 4), "long": grid(4, 9)})
FIXED = StatedCosts({"short": grid(1, 1), "middle": grid(3, 3), "long": grid(6, 6)})
ROUND_TRIPS = st.sampled_from([Constant(value_s=0.0), Constant(value_s=0.5), Constant(value_s=1.5)])
WORK = st.sampled_from([None, *OPERATIONS])


@st.composite
def scripts(draw: st.DrawFn, callable_targets: list[str], timed: bool, entry: bool = False) -> Script:
    waits: list[Any] = [
        st.sampled_from([Sleep(0.0), Sleep(0.25), Sleep(1.0), Sleep(2.5)]),
    ]
    if not timed:
        waits.append(st.just(Draw("pause")))
    if callable_targets:
        targets = st.sampled_from(callable_targets)
        limits = st.sampled_from([None, 0.0, 0.75, 1.5, 3.0]) if entry and timed else st.none()
        waits += [st.builds(_call, targets, limits)] * 2
    visits = draw(st.lists(st.tuples(WORK, st.one_of(waits)), max_size=4))
    return Script(tuple((op, _apart(wait, bit)) for bit, (op, wait) in enumerate(visits)), draw(WORK))


def _call(target: str, timeout: float | None) -> Call:
    return Call(target, Message(None, 16), timeout)


def _apart(wait: Any, bit: int) -> Any:
    if isinstance(wait, Call) and wait.timeout is not None:
        return wait._replace(timeout=wait.timeout + TIMEOUT_GRAIN * 2**bit)
    return wait


@st.composite
def networks(draw: st.DrawFn) -> Network:
    """One to three FIFO hosts that keep the promise of the Kiefer-Wolfowitz form, calling each other in any order."""
    names = ["a", "b", "c"][: draw(st.integers(1, 3))]
    timed = draw(st.booleans())
    workers, replicas = st.integers(1, 3), st.integers(1, 1 if timed else 2)
    hosts = [Host(n, draw(workers), draw(replicas) if n != "a" else 1, known_on_arrival=True) for n in names]
    if draw(st.booleans()):
        hosts.append(Host("client", None))
    first = hosts[-1].name if hosts[-1].name == "client" else "a"
    targets = [f"t{number}" for number in range(draw(st.integers(1, 3)))]
    handlers = {
        target: (draw(st.sampled_from(names)), draw(scripts(targets[number + 1 :], timed)))
        for number, target in enumerate(targets)
    }
    bandwidth = st.sampled_from([None, 64.0])
    paths = [
        Path(caller.name, callee, draw(ROUND_TRIPS), draw(bandwidth), head_out=16, head_back=0)
        for caller in hosts
        for callee in names
    ]
    entry = (first, draw(scripts(targets, timed, entry=True)))
    return Network(tuple(hosts), entry, FIXED if timed else RANDOM, tuple(paths), handlers)


def meets_itself(records: Records) -> bool:
    """Whether two visits of one request reach one station at the same instant.

    A caller that has given up and the work that it has left behind share a key; which of them goes first when they
    meet is nobody's promise, and it has probability 0 under any continuous distribution.
    """
    visits = records["visits"]
    seen = list(zip(*(visits[name].tolist() for name in ("request", "host", "replica", "arrival")), strict=True))
    return len(seen) > len(set(seen))


@st.composite
def arrivals(draw: st.DrawFn, most: int = 20) -> Floats:
    """Instants on the grid, several of them at once."""
    gaps = draw(st.lists(st.sampled_from([0.0, 0.0, 0.25, 0.5, 1.0, 3.0]), min_size=1, max_size=most))
    return np.cumsum(np.array(gaps))
