"""Pilot runs of each design: estimates of CPU time and stored rows.

The estimates depend on the scenario alone, never on a clock, so the same scenario is always run for the same length.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar

import numpy as np

from simlib.decision.gain.loads import compute_load, select_design
from simlib.deployment.deployment import Deployment
from simlib.deployment.network import build_network
from simlib.deployment.parts import build_deployment_config, build_parts
from simlib.deployment.population import FOREVER
from simlib.engine.simulation import run_network
from simlib.experiment.jobs import NO_REPLICATION, Job, Replication
from simlib.experiment.replicate import run_jobs
from simlib.experiment.workers import Progress
from simlib.scenario.design import Design
from simlib.scenario.hosts import AuthorizationServer, Database, HttpServer
from simlib.scenario.messages import StorePut, StoreRequest, TokenRow
from simlib.scenario.records import Columns, Records
from simlib.scenario.scenario import Scenario
from simlib.scenario.sinks import MemorySink
from simlib.scenario.variates import Variates
from simlib.stores import STORES, TokenStore
from simlib.stores.base import StoreAnswer

REQUESTS = 400
"""Approximate number of a pilot run."""
SECONDS_PER = MappingProxyType({"calls": 6e-6, "operations": 1.6e-5, "tokens": 3.8e-4, "signatures": 3.4e-4})
"""CPU seconds of the simulator per row, charged operation, token, and signature that is made or verified.

Least squares over 42 runs of the six bundled scenarios on a machine of 2026, accurate to a third there. They divide a
budget, so that lengths of runs do not depend on the speed of a machine.
"""
SET_UP_S = 0.05
REVOKED = "revoked"
KEPT = ("access", "refresh", REVOKED)
"""Kinds of rows that are stored for the life of a token; a code lives for seconds."""


_CPU = "cpu_s."
Host = TypeVar("Host", HttpServer, AuthorizationServer, Database)


class StoredRow(NamedTuple):
    """Row of the token store: bytes, and seconds from its issue to its end."""

    size: float
    life_s: float


@dataclass(frozen=True)
class PilotRun:
    """Estimates from a pilot run of one design.

    ``work_s``: CPU seconds of the simulator per request, ``set_up_s`` those of a run before its first request.
    ``cpu_s``: host -> CPU seconds that it is charged per request. ``row`` is the mean of the rows written, and
    ``rows_per_token`` how many of them come with an access token.
    """

    design: str
    work_s: float
    set_up_s: float
    cpu_s: Mapping[str, float]
    row: StoredRow
    rows_per_token: float = 0.0


class _RecordingStore:
    """Token store that records the rows written to it."""

    def __init__(self, inner: TokenStore) -> None:
        self.inner = inner
        self.puts: list[StorePut] = []

    def execute(self, request: StoreRequest) -> StoreAnswer:
        """As the inner store."""
        if isinstance(request, StorePut):
            self.puts.append(request)
        return self.inner.execute(request)

    def count_valid(self, now: float) -> int:
        """As the inner store."""
        return self.inner.count_valid(now)

    def close(self) -> None:
        """As the inner store."""
        self.inner.close()


def run_pilots(scenario: Scenario, *, workers: int = 1, progress: Progress | None = None) -> Mapping[str, PilotRun]:
    """Design -> estimates from a short run, the same on every machine."""
    jobs = [Job(scenario, design, NO_REPLICATION) for design in scenario.designs]
    pilots = map(_read_pilot, run_jobs(jobs, workers, progress, run_pilot))
    return MappingProxyType({pilot.design: pilot for pilot in pilots})


def run_pilot(job: Job) -> Replication:
    """The estimates of one design as figures, so that a store can keep them."""
    pilot = _estimate(job.scenario, job.design)
    hosts = {f"{_CPU}{host}": seconds for host, seconds in pilot.cpu_s.items()}
    row = {"row_bytes": pilot.row.size, "row_life_s": pilot.row.life_s, "rows_per_token": pilot.rows_per_token}
    return Replication(
        job.design, NO_REPLICATION, {"work_s": pilot.work_s, "set_up_s": pilot.set_up_s, **row, **hosts}, {}
    )


def _read_pilot(run: Replication) -> PilotRun:
    figures = run.figures
    cpu = {name.removeprefix(_CPU): value for name, value in figures.items() if name.startswith(_CPU)}
    row = StoredRow(figures["row_bytes"], figures["row_life_s"])
    own = MappingProxyType(cpu)
    return PilotRun(run.design, figures["work_s"], figures["set_up_s"], own, row, figures["rows_per_token"])


def _estimate(scenario: Scenario, name: str) -> PilotRun:
    length_s = min(scenario.horizon_s, REQUESTS / compute_load(scenario))
    records, puts, tokens = _run_recorded(_remove_queues(select_design(scenario, name)), name, length_s)
    arrived = max(len(records["requests"]["request"]), 1)
    before = int(((records["tokens"]["issued"] < 0) & (records["tokens"]["size"] > 0)).sum())
    set_up = before * SECONDS_PER["tokens"]
    return PilotRun(
        design=name,
        work_s=(_estimate_work(records) - set_up) / arrived,
        set_up_s=SET_UP_S + set_up,
        cpu_s=MappingProxyType(_measure_cpu(records, arrived)),
        row=_average_row(puts, scenario.design(name), find_useful_life_s(scenario, name)),
        rows_per_token=_count_rows_per_token(puts, tokens),
    )


def _remove_queues(scenario: Scenario) -> Scenario:
    """Scenario with so many workers that there are no queues, since an overloaded server would leave work undone.

    Replicas and their caches stay as they are.
    """
    world = scenario.world
    changed: dict[str, Any] = {
        "service": _raise_workers(world.service),
        "authorization_server": _raise_workers(world.authorization_server),
        "inner_services": {name: _raise_workers(inner) for name, inner in world.inner_services.items()},
    }
    if world.gateway is not None:
        changed["gateway"] = _raise_workers(world.gateway)
    if world.store.database is not None:
        database = _raise_workers(world.store.database)
        changed["store"] = world.store.model_copy(update={"database": database})
    return replace(scenario, world=world.model_copy(update=changed))


def _raise_workers(host: Host) -> Host:
    return host.model_copy(update={"workers": REQUESTS})


def _run_recorded(scenario: Scenario, design: str, length_s: float) -> tuple[Records, list[StorePut], Columns]:
    """One run whose token stores record the rows written to them; and the tokens that were issued."""
    changes = {"length_s": length_s, "warm_up_s": 0.0}
    short = scenario.with_run(scenario.run.model_copy(update=changes))
    variates, stores = Variates(scenario.run.seed, 0), list[_RecordingStore]()

    def make_store() -> TokenStore:
        stores.append(_RecordingStore(STORES["dict"]()))
        return stores[-1]

    sink = MemorySink()
    run = Deployment(short, short.design(design), variates, make_store, sink)
    times = run.demand.arrivals
    try:
        records = run_network(build_network(run), times, length_s, variates, detail="calls")
    finally:
        run.close()
    return records, [put for store in stores for put in store.puts], sink.close()["tokens"]


def _estimate_work(records: Records) -> float:
    operations = records["operations"]
    signing = [n for n, name in enumerate(records.names) if ".sign" in name or ".verify" in name]
    counts = {
        "calls": len(records["calls"]["sent"]),
        "operations": float(operations["count"].sum()),
        "tokens": len(records["tokens"]["token"]),
        "signatures": float(operations["distinct"][np.isin(operations["operation"], signing)].sum()),
    }
    return float(sum(SECONDS_PER[name] * count for name, count in counts.items()))


def _measure_cpu(records: Records, arrived: int) -> dict[str, float]:
    operations = records["operations"]
    return {
        host: float(operations["seconds"][operations["host"] == records.names.index(host)].sum()) / arrived
        for host in records.workers
    }


def find_useful_life_s(scenario: Scenario, name: str) -> float:
    """Seconds for which clients of a design use a token, 0 where they get one for every request."""
    design = scenario.design(name)
    config = build_deployment_config(scenario, design, Variates(scenario.run.seed, 0), {})
    return build_parts(design, config).presenter.useful_life_s


def _average_row(puts: list[StorePut], design: Design, useful_s: float) -> StoredRow:
    """Mean of the rows that renewals and revocations write, without the short-lived ones of sign-ins.

    Where the run wrote none, the size is that of earlier rows and the life that of an access token. A revoked token
    is listed from an instant that is uniform in the time in which its client uses it.
    """
    kept = [put for put in puts if put.row.kind in KEPT]
    listed_s = design.token_lifetime_s - useful_s / 2
    lives = [
        StoredRow(put.size, listed_s if put.row.kind == REVOKED else put.row.expires_at - put.row.issued_at)
        for put in kept
        if _find_write_time(put.row) >= 0
    ]
    if lives:
        return StoredRow(*(float(mean) for mean in np.mean(np.array(lives), axis=0)))
    return StoredRow(float(np.mean([put.size for put in kept])) if kept else 0.0, design.token_lifetime_s)


def _find_write_time(row: TokenRow) -> float:
    return row.revoked_at if row.kind == REVOKED and row.revoked_at is not None else row.issued_at


def _count_rows_per_token(puts: list[StorePut], tokens: Columns) -> float:
    """Rows that are written with an access token: in the run, else those of earlier tokens."""
    issued = tokens["issued"][tokens["size"] > 0]
    rows = np.array([put.row.issued_at for put in puts if put.row.kind in ("access", "refresh")])
    for later in (True, False):
        count = int(((issued >= 0) == later).sum())
        if count:
            own = (rows >= 0) if later else (rows < 0) & (rows > -FOREVER)
            return float(own.sum()) / count
    return 0.0
