"""One replication of one design: a scenario made into a network, run, and returned as records."""

from collections.abc import Callable

from simlib.deployment.demand import can_stream
from simlib.deployment.deployment import Deployment
from simlib.deployment.network import build_network
from simlib.deployment.required_operations import check_profile
from simlib.engine.live_timing import Stopwatch, choose_stopwatch
from simlib.engine.request_window import LARGEST
from simlib.engine.simulation import run_network
from simlib.scenario.errors import InputError, format_count
from simlib.scenario.fault_times import check_fault_times
from simlib.scenario.faults import RandomTokenFlood, UnknownKidFlood
from simlib.scenario.records import Records
from simlib.scenario.scenario import Scenario
from simlib.scenario.sinks import MemorySink, Sink, keeps_rows
from simlib.scenario.variates import Variates
from simlib.stores import STORES

BYTES_PER_REQUEST = 1_600
"""Memory that one simulated request takes while it is a row, its calls and its variates (measured, rounded up)."""
BYTES_PER_REQUEST_WITHOUT_ROWS = 900
"""The same with a sink that keeps no rows of requests and calls: variates, arrival and user (measured, rounded up)."""

BYTES_PER_USER, BYTES_PER_REVOCATION = 100, 1_000


def simulate(
    scenario: Scenario,
    design: str,
    replication: int = 0,
    *,
    sink: Sink | None = None,
    progress: Callable[[float], None] | None = None,
    stopwatch: Stopwatch | None = None,
) -> Records:
    """Run one replication of one design; ``progress`` is called with the share that is done.

    Raises InputError for an unknown design, a run beyond its memory budget, a profile without a needed operation, or
    live timing without a ``stopwatch``.
    """
    chosen = scenario.design(design)
    check_budget(scenario, keeps_rows(sink))
    watch = choose_stopwatch(scenario, stopwatch)
    variates = Variates(scenario.run.seed, replication)
    sink = sink or MemorySink()
    kind = scenario.world.store.kind
    run = Deployment(scenario, chosen, variates, STORES["dict" if kind == "database" else kind], sink)
    try:
        network = build_network(run)
        run.population.write_unused_tokens(run.parts.config.token_lifetime_s)
        return run_network(
            network,
            run.demand.arrivals,
            scenario.horizon_s,
            variates,
            warm_up=scenario.run.warm_up_s,
            form=scenario.run.station_form,
            remember_verified=scenario.run.remember_verified,
            detail=scenario.run.detail,
            sink=sink,
            progress=progress,
            stopwatch=watch,
        )
    finally:
        run.close()


def check_budget(scenario: Scenario, rows: bool = True) -> None:
    """Refuse a run beyond its memory budget, one shorter than its warm-up or faults, or without needed costs.

    ``rows``: the run keeps its rows in memory.
    """
    check_profile(scenario)
    check_fault_times(scenario.world, scenario.horizon_s, f"{scenario.origin}: world.faults")
    requests, users = scenario.expected_requests + _count_flood_requests(scenario), scenario.world.population.users
    revocations = scenario.world.revocations.rate * scenario.horizon_s
    kept = min(requests, 2 * LARGEST) if not rows and can_stream(scenario) else requests
    each = BYTES_PER_REQUEST if rows else BYTES_PER_REQUEST_WITHOUT_ROWS
    needed = (kept * each + users * BYTES_PER_USER + revocations * BYTES_PER_REVOCATION) / 1e6
    if needed > scenario.run.memory_budget_mb:
        raise InputError(
            f"{scenario.origin}: about {format_count(requests)} requests, {users:,} users and "
            f"{format_count(revocations)} revocations need {format_count(needed)} MB, more than run.memory_budget_mb = "
            f"{scenario.run.memory_budget_mb}; lower the rate, run.length_s, the copies or the users, or raise the "
            "budget"
        )
    if scenario.run.warm_up_s >= scenario.horizon_s:
        raise InputError(
            f"{scenario.origin}: run.warm_up_s: {scenario.run.warm_up_s:g} s of warm-up leave nothing of a run of "
            f"{scenario.horizon_s:g} s; lower the warm-up or the speed-up"
        )


def _count_flood_requests(scenario: Scenario) -> float:
    """Requests of floods, at most those of one that lasts for the whole run when its times are drawn."""
    floods = (f for f in scenario.world.faults.values() if isinstance(f, UnknownKidFlood | RandomTokenFlood))
    return sum(flood.rate * (flood.length_s or scenario.horizon_s) for flood in floods)
