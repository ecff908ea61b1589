"""A short look at each design before anything long is run: what runs take, where CPU time goes, what is stored.

How long runs may be: a budget of CPU seconds, shared out by what a probe says that runs take.

The estimates depend on the scenario alone, never on a clock, so the same scenario is always run for the same length.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar

import numpy as np

from simlib.decision.gain.loads import compute_load, select_design
from simlib.deployment.deployment import Deployment
from simlib.deployment.network import build_network
from simlib.deployment.parts import DOWNSTREAM
from simlib.engine.simulation import run_network
from simlib.experiment.workers import Progress, run_all
from simlib.scenario.design import Design
from simlib.scenario.hosts import AuthorizationServer, Database, HttpServer
from simlib.scenario.messages import StorePut, StoreRequest
from simlib.scenario.records import Records
from simlib.scenario.run import Run
from simlib.scenario.scenario import Scenario
from simlib.scenario.sinks import MemorySink
from simlib.scenario.variates import Variates
from simlib.scenario.world import ReplayLoad
from simlib.stores import STORES, TokenStore
from simlib.stores.base import StoreAnswer

REQUESTS = 400
"""Of one probe, about."""
SECONDS_PER = MappingProxyType({"calls": 6e-6, "operations": 1.6e-5, "tokens": 3.8e-4, "signatures": 3.4e-4})
"""CPU seconds of the simulator per row, charged operation, token, and signature that is really made or verified.

Least squares over 42 runs of the six bundled scenarios on a machine of 2026. They only share out a budget, so that
lengths of runs do not depend on how fast a machine is; within a third of what runs took there.
"""
SET_UP_S = 0.05
KEPT = ("access", "refresh", "revoked")
"""Kinds of rows that stay for the life of a token; a code lives for seconds."""


Host = TypeVar("Host", HttpServer, AuthorizationServer, Database)


class StoredRow(NamedTuple):
    """One row that was written to the token store: bytes, and seconds from its issue to its end."""

    size: float
    life_s: float


@dataclass(frozen=True)
class PilotRun:
    """What was seen of one design.

    ``work_s``: CPU seconds of the simulator per request, ``set_up_s`` those of a run before its first request.
    ``cpu_s``: host -> CPU seconds that it is charged per request. ``row`` is the mean of the rows written.
    """

    design: str
    work_s: float
    set_up_s: float
    cpu_s: Mapping[str, float]
    row: StoredRow


class _Noting:
    """A token store that keeps what is written to it."""

    def __init__(self, inner: TokenStore) -> None:
        self.inner = inner
        self.puts: list[StorePut] = []

    def execute(self, request: StoreRequest) -> StoreAnswer:
        """As the store inside."""
        if isinstance(request, StorePut):
            self.puts.append(request)
        return self.inner.execute(request)

    def count_valid(self, now: float) -> int:
        """As the store inside."""
        return self.inner.count_valid(now)

    def close(self) -> None:
        """As the store inside."""
        self.inner.close()


def run_pilots(scenario: Scenario, *, workers: int = 1, progress: Progress | None = None) -> Mapping[str, PilotRun]:
    """Design -> what a short run of it shows; the same on every machine."""
    asked = [(scenario, design) for design in scenario.designs]
    found: Sequence[PilotRun] = run_all(_probe, asked, workers, progress)
    return MappingProxyType({own.design: own for own in found})


def _probe(asked: tuple[Scenario, str]) -> PilotRun:
    scenario, name = asked
    length_s = min(scenario.horizon_s, REQUESTS / compute_load(scenario))
    records, puts = _run(_unqueued(select_design(scenario, name)), name, length_s)
    arrived = max(len(records["requests"]["request"]), 1)
    before = int((records["tokens"]["issued"] < 0).sum())
    set_up = before * SECONDS_PER["tokens"]
    return PilotRun(
        design=name,
        work_s=(_work(records) - set_up) / arrived,
        set_up_s=SET_UP_S + set_up,
        cpu_s=MappingProxyType(_cpu(records, arrived)),
        row=_row(puts, scenario.design(name)),
    )


def _unqueued(scenario: Scenario) -> Scenario:
    """With so many workers that nobody waits: under a load that servers cannot bear, half the work would not be seen.

    Replicas stay as they are, and so do their caches.
    """
    world = scenario.world
    changed: dict[str, Any] = {
        "service": _with_workers(world.service),
        "authorization_server": _with_workers(world.authorization_server),
        "inner_services": {name: _with_workers(inner) for name, inner in world.inner_services.items()},
    }
    if world.gateway is not None:
        changed["gateway"] = _with_workers(world.gateway)
    if world.store.database is not None:
        database = _with_workers(world.store.database)
        changed["store"] = world.store.model_copy(update={"database": database})
    return replace(scenario, world=world.model_copy(update=changed))


def _with_workers(host: Host) -> Host:
    return host.model_copy(update={"workers": REQUESTS})


def _run(scenario: Scenario, design: str, length_s: float) -> tuple[Records, list[StorePut]]:
    """One run whose token stores note what is written to them."""
    changes = {"length_s": length_s, "warm_up_s": 0.0, "caches": "stationary"}
    short = scenario.with_run(scenario.run.model_copy(update=changes))
    variates, stores = Variates(scenario.run.seed, 0), list[_Noting]()

    def make_store() -> TokenStore:
        stores.append(_Noting(STORES["dict"]()))
        return stores[-1]

    run = Deployment(short, short.design(design), variates, make_store, MemorySink())
    times = run.demand.times if run.demand.cycles is None else run.demand.cycles
    try:
        records = run_network(build_network(run), times, length_s, variates, detail="calls")
    finally:
        run.close()
    return records, [put for store in stores for put in store.puts]


def _work(records: Records) -> float:
    operations = records["operations"]
    signing = [n for n, name in enumerate(records.names) if ".sign" in name or ".verify" in name]
    counts = {
        "calls": len(records["calls"]["sent"]),
        "operations": float(operations["count"].sum()),
        "tokens": len(records["tokens"]["token"]),
        "signatures": float(operations["distinct"][np.isin(operations["operation"], signing)].sum()),
    }
    return float(sum(SECONDS_PER[name] * count for name, count in counts.items()))


def _cpu(records: Records, arrived: int) -> dict[str, float]:
    operations = records["operations"]
    return {
        host: float(operations["seconds"][operations["host"] == records.names.index(host)].sum()) / arrived
        for host in records.workers
    }


def _row(puts: list[StorePut], design: Design) -> StoredRow:
    """The mean of the rows that renewals write, not of those that only a sign-in needs, which are gone at once.

    Where the run wrote none, the size is that of the rows from before it and the life that of an access token.
    """
    kept = [put for put in puts if put.row.kind in KEPT]
    lives = [StoredRow(put.size, put.row.expires_at - put.row.issued_at) for put in kept if put.row.issued_at >= 0]
    if lives:
        return StoredRow(*(float(mean) for mean in np.mean(np.array(lives), axis=0)))
    return StoredRow(float(np.mean([put.size for put in kept])) if kept else 0.0, design.token_lifetime_s)


FEWEST = 3
"""Replications without which an interval says little."""
WARM_SHARE = 0.5
"""Of a shortened run that warm-up may take at most."""
SHORTEST = 100
"""Requests of a run, at least."""


class FittedRun(NamedTuple):
    """A run within a budget, and in a sentence what was changed for it; empty when nothing was."""

    run: Run
    note: str


def estimate_cpu_s(scenario: Scenario, probes: Iterable[PilotRun], requests: float) -> float:
    """CPU seconds of the simulator for one replication of all these designs with so many requests each."""
    return sum(probe.set_up_s + probe.work_s * requests for probe in probes)


def fit_run(scenario: Scenario, probes: Mapping[str, PilotRun], budget_s: float) -> FittedRun:
    """The run of a comparison: the scenario's own where it fits, else fewer replications, else shorter ones as well.

    Shorter ones begin with caches of any age. A log is replayed to its end, and faults keep their instants.
    """
    own, requests = scenario.run, scenario.expected_requests
    one = estimate_cpu_s(scenario, probes.values(), requests)
    affordable = int(budget_s // one)
    if affordable >= own.replications:
        return FittedRun(own, "")
    if affordable >= FEWEST or isinstance(scenario.world.load, ReplayLoad) or scenario.world.faults:
        few = min(own.replications, max(affordable, FEWEST))
        if few == own.replications:
            return FittedRun(own, "")
        note = f"The comparison has {few} replications instead of {own.replications}, to take no longer."
        return FittedRun(own.model_copy(update={"replications": few}), note)
    few = min(own.replications, FEWEST)
    run = shorten_run(scenario, list(probes.values()), budget_s / few, few)
    return FittedRun(
        run,
        f"The comparison has {few} replications of {run.length_s:g} s instead of {own.replications} of "
        f"{own.length_s:g} s, to take no longer; warm-up is {run.warm_up_s:g} s, and caches begin "
        "with entries of any age.",
    )


def shorten_run(scenario: Scenario, probes: list[PilotRun], budget_s: float, replications: int) -> Run:
    """Runs in which one replication of all these designs takes about the budget, never longer than the scenario's.

    Caches begin with entries of any age. Warm-up is the scenario's own, or half the run where that is shorter.
    """
    own, load = scenario.run, compute_load(scenario)
    per_request = sum(probe.work_s for probe in probes)
    spare = budget_s - sum(probe.set_up_s for probe in probes)
    requests = max(spare / per_request if per_request > 0 else SHORTEST, SHORTEST)
    length = min(own.length_s, float(f"{requests / load:.3g}"))
    return _begun(own, length, min(own.warm_up_s, float(f"{WARM_SHARE * length:.3g}")), replications)


def extend_warm_up(run: Run, design: Design, longest_s: float) -> Run:
    """The run, made so long that what begins empty has been kept and renewed before it counts: exchanged tokens.

    A cache that starts empty would look worse than it is. ``longest_s`` bounds the length.
    """
    warm_up = max(run.warm_up_s, find_fill_time_s(design))
    length = min(longest_s, max(run.length_s, warm_up / WARM_SHARE))
    return _begun(run, length, min(warm_up, WARM_SHARE * length), run.replications)


def find_fill_time_s(design: Design) -> float:
    """For how long tokens for inner services are kept; other caches have entries of any age when a run begins so."""
    chosen = design.parts.get(DOWNSTREAM)
    return 0.0 if chosen is None else float(getattr(chosen.settings, "ttl_s", 0.0))


def _begun(own: Run, length_s: float, warm_up_s: float, replications: int) -> Run:
    changes = {"length_s": length_s, "warm_up_s": warm_up_s, "replications": replications, "caches": "stationary"}
    return own.model_copy(update=changes)
