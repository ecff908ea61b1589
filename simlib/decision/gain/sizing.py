"""How many servers each design needs: the cheapest that surely keep the limits under a load."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from simlib.analysis.intervals import Interval
from simlib.decision.economics.prices import ResolvedPrices
from simlib.decision.gain.loads import compute_load, scale_to_load, select_design
from simlib.decision.gain.pilot_runs import PilotRun, extend_warm_up, run_pilots, shorten_run
from simlib.decision.gain.sizing_search import LIGHT, Evaluation, SetupEvaluator, find_cheapest
from simlib.decision.gain.tiers import (
    Requirement,
    Setup,
    Tier,
    add_assumed_limits,
    compute_interval,
    list_tiers,
    read_limits,
)
from simlib.decision.gain.values import Size, Trial
from simlib.experiment.workers import Progress
from simlib.scenario.hosts import AUTHORIZATION_SERVER, SERVICE, STORE, find_host_kind
from simlib.scenario.run import Run
from simlib.scenario.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd

BUDGET = 30.0
"""CPU seconds of the simulator for all designs, about."""
TRIALS = 2
"""Sizes of a design that the budget is meant for; a search that needs more takes longer."""
REPLICATIONS = 3
"""Of each trial."""
MEASURED = {SERVICE: "rs_cpu_s", AUTHORIZATION_SERVER: "as_cpu_s", "database": "store_cpu_s"}
"""Tier -> the figure of a comparison that says how much CPU time its hosts take per request."""


def size_designs(
    scenario: Scenario,
    prices: ResolvedPrices,
    *,
    load: float | None = None,
    workers: int = 1,
    progress: Progress | None = None,
    budget: float = BUDGET,
    probes: Mapping[str, PilotRun] | None = None,
    table: "pd.DataFrame | None" = None,
) -> Mapping[str, Size]:
    """Design -> its cheapest servers, at the likely prices, under a load in requests per second (by default its own).

    Each trial is simulated in a few short paired replications of equal seeds. ``budget`` in CPU seconds decides their
    length. ``probes`` are those of `probe_designs`; ``table``, that of a comparison, says more exactly than probes
    where the search begins. ``progress`` is told how many designs are done. Raises InputError for a load that the
    scenario cannot have.
    """
    wanted = scale_to_load(scenario, load)
    known = probes if probes is not None and wanted is scenario else run_pilots(wanted, workers=workers)
    found: dict[str, Size] = {}
    for name in scenario.designs:
        alone = select_design(wanted, name)
        run = plan_trial_run(alone, known[name], budget / len(scenario.designs))
        found[name] = _size(alone.with_run(run), _cpu(known[name], table), prices, workers)
        if progress is not None:
            progress(len(found), len(scenario.designs))
    return MappingProxyType(found)


def plan_trial_run(scenario: Scenario, probe: PilotRun, budget_s: float) -> Run:
    """How long each trial of a scenario's one design is, when its whole search has a budget in CPU seconds."""
    (design,) = scenario.designs.values()
    run = shorten_run(scenario, [probe], budget_s / TRIALS / REPLICATIONS, REPLICATIONS)
    return extend_warm_up(run, design, scenario.run.length_s)


def _size(scenario: Scenario, cpu_s: Mapping[str, float], prices: ResolvedPrices, workers: int) -> Size:
    (design,) = scenario.designs.values()
    tiers = list_tiers(scenario, design, compute_load(scenario), cpu_s)
    hourly = {tier.name: prices.by_key["vcpu_hour"].likely for tier in tiers}
    hourly["database"] = prices.by_key["database_vcpu_hour"].likely
    bench = SetupEvaluator(scenario, tiers, hourly, workers)
    requirement = read_limits(scenario.limits)
    if requirement.assumed:
        requirement = _assumed(bench, requirement)
    best = find_cheapest(bench, requirement)
    level = scenario.run.level
    return Size(
        design=design.name,
        load=compute_load(scenario),
        **_vcpus(bench, best),
        cost_per_hour=best.cost_per_hour,
        met=best.met,
        intervals=_known(best.compute_intervals(level)),
        trials=tuple(_trial(bench, own) for own in bench.evaluations),
        limits=requirement.limits,
        assumed=requirement.assumed,
    )


def _assumed(bench: SetupEvaluator, given: Requirement) -> Requirement:
    light: Setup = {name: level for tier in bench.tiers for name, level in tier.find_light_setup(LIGHT).items()}
    unloaded = compute_interval(bench.simulate(light), "p99_s", bench.scenario.run.level).mean
    return add_assumed_limits(given, bench.scenario.terms.target_utilisation, unloaded)


def _vcpus(bench: SetupEvaluator, tried: Evaluation) -> dict[str, int]:
    own = {tier.name: tier.count_vcpus(tried.setup) for tier in bench.tiers}
    return {f"{name}_vcpus": own.get(name, 0) for name in (SERVICE, AUTHORIZATION_SERVER, "database")}


def _trial(bench: SetupEvaluator, tried: Evaluation) -> Trial:
    return Trial(
        **_vcpus(bench, tried),
        cost_per_hour=tried.cost_per_hour,
        met=tried.met,
        reasons=tried.reasons,
        simulated=bool(tried.runs),
    )


def _known(intervals: Mapping[str, Interval]) -> Mapping[str, Interval]:
    return MappingProxyType({name: own for name, own in intervals.items() if own.n > 0})


def _cpu(probe: PilotRun, table: "pd.DataFrame | None") -> Mapping[str, float]:
    """Host -> CPU seconds per request; the probe says how a tier's are shared, a comparison how much they are."""
    cpu_s = dict(probe.cpu_s)
    if table is None:
        return cpu_s
    rows = table[table["design"] == probe.design]
    for tier, figure in MEASURED.items():
        hosts = [host for host in cpu_s if _belongs(host, tier)]
        probed = sum(cpu_s[host] for host in hosts)
        measured = float(np.nanmean(rows[figure])) if figure in rows and rows[figure].notna().any() else np.nan
        if probed > 0 and measured > 0:
            cpu_s |= {host: cpu_s[host] * measured / probed for host in hosts}
    return cpu_s


def _belongs(host: str, tier: str) -> bool:
    kind = find_host_kind(host)
    return kind in {SERVICE: ("gateway", SERVICE), "database": (STORE,)}.get(tier, (tier,))


def list_tiers_at_load(scenario: Scenario, design: str, load: float | None, probe: PilotRun) -> tuple[Tier, ...]:
    """What a search walks along: the tiers of a design under a load, with how many of their vCPUs are busy."""
    wanted = scale_to_load(scenario, load)
    return list_tiers(wanted, wanted.design(design), compute_load(wanted), probe.cpu_s)
