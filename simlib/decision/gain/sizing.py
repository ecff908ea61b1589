"""Sizing of servers: for each design the cheapest ones that surely keep the limits under a load."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from simlib.analysis.intervals import Interval
from simlib.decision.economics.prices import ResolvedPrices
from simlib.decision.gain.loads import compute_load, scale_to_load, select_design
from simlib.decision.gain.pilot_runs import PilotRun, run_pilots
from simlib.decision.gain.run_lengths import extend_warm_up, shorten_run
from simlib.decision.gain.sizing_search import (
    LIGHT,
    Evaluation,
    Requirement,
    SetupEvaluator,
    add_assumed_limits,
    compute_interval,
    find_cheapest,
    read_limits,
)
from simlib.decision.gain.tiers import Setup, Tier, build_setup_keys, list_tiers
from simlib.decision.gain.values import Size, Trial
from simlib.experiment.workers import Progress
from simlib.scenario.hosts import AUTHORIZATION_SERVER, SERVICE, STORE, find_host_kind
from simlib.scenario.run import Run
from simlib.scenario.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd

BUDGET = 30.0
"""Approximate CPU seconds of the simulator for all designs."""
TRIALS = 2
"""Trials of a design for which the budget is meant; a search with more of them takes longer."""
REPLICATIONS = 3
"""Replications of each trial."""
MEASURED = {SERVICE: "rs_cpu_s", AUTHORIZATION_SERVER: "as_cpu_s", "database": "store_cpu_s"}
"""Tier -> the figure of a comparison that holds the CPU time of its hosts per request."""


def size_designs(
    scenario: Scenario,
    prices: ResolvedPrices,
    *,
    load: float | None = None,
    workers: int = 1,
    progress: Progress | None = None,
    budget: float = BUDGET,
    pilots: Mapping[str, PilotRun] | None = None,
    table: "pd.DataFrame | None" = None,
) -> Mapping[str, Size]:
    """Design -> its cheapest servers, at the likely prices, under a load in requests per second (by default its own).

    Each trial is simulated in a few short paired replications of equal seeds. ``budget`` in CPU seconds determines
    their length. ``pilots`` are those of `run_pilots`; ``table``, that of a comparison, has more precise CPU times for
    the start of the search. ``progress`` is called with the number of designs that are done. Raises InputError for a
    load that the scenario cannot have.
    """
    wanted = scale_to_load(scenario, load)
    usable_pilots = pilots if pilots is not None and wanted is scenario else run_pilots(wanted, workers=workers)
    sizes: dict[str, Size] = {}
    for name in scenario.designs:
        alone = select_design(wanted, name)
        run = plan_trial_run(alone, usable_pilots[name], budget / len(scenario.designs))
        sizes[name] = _size_design(alone.with_run(run), _combine_cpu(usable_pilots[name], table), prices, workers)
        if progress is not None:
            progress(len(sizes), len(scenario.designs))
    return MappingProxyType(sizes)


def plan_trial_run(scenario: Scenario, pilot: PilotRun, budget_s: float) -> Run:
    """Run of each trial of a scenario's one design, when the whole search has a budget in CPU seconds."""
    (design,) = scenario.designs.values()
    run = shorten_run(scenario, [pilot], budget_s / TRIALS / REPLICATIONS, REPLICATIONS)
    return extend_warm_up(run, design, scenario.run.length_s)


def _size_design(scenario: Scenario, cpu_s: Mapping[str, float], prices: ResolvedPrices, workers: int) -> Size:
    (design,) = scenario.designs.values()
    tiers = list_tiers(scenario, design, compute_load(scenario), cpu_s)
    hourly = {tier.name: prices.by_key["vcpu_hour"].likely for tier in tiers}
    hourly["database"] = prices.by_key["database_vcpu_hour"].likely
    evaluator = SetupEvaluator(scenario, tiers, hourly, workers)
    requirement = read_limits(scenario.limits)
    if requirement.assumed:
        requirement = _assume_limits(evaluator, requirement)
    best = find_cheapest(evaluator, requirement)
    level = scenario.run.level
    return Size(
        design=design.name,
        load=compute_load(scenario),
        **_count_vcpus(evaluator, best),
        cost_per_hour=best.cost_per_hour,
        met=best.met,
        intervals=_drop_undefined(best.compute_intervals(level)),
        trials=tuple(_build_trial(evaluator, own) for own in evaluator.evaluations),
        limits=requirement.limits,
        assumed=requirement.assumed,
        settings=build_setup_keys(scenario, design.name, best.setup),
    )


def _assume_limits(evaluator: SetupEvaluator, stated: Requirement) -> Requirement:
    light: Setup = {name: level for tier in evaluator.tiers for name, level in tier.find_light_setup(LIGHT).items()}
    unloaded = compute_interval(evaluator.simulate(light), "p99_s", evaluator.scenario.run.level).mean
    return add_assumed_limits(stated, evaluator.scenario.terms.target_utilisation, unloaded)


def _count_vcpus(evaluator: SetupEvaluator, evaluation: Evaluation) -> dict[str, int]:
    own = {tier.name: tier.count_vcpus(evaluation.setup) for tier in evaluator.tiers}
    return {f"{name}_vcpus": own.get(name, 0) for name in (SERVICE, AUTHORIZATION_SERVER, "database")}


def _build_trial(evaluator: SetupEvaluator, evaluation: Evaluation) -> Trial:
    return Trial(
        **_count_vcpus(evaluator, evaluation),
        cost_per_hour=evaluation.cost_per_hour,
        met=evaluation.met,
        reasons=evaluation.reasons,
        simulated=bool(evaluation.runs),
    )


def _drop_undefined(intervals: Mapping[str, Interval]) -> Mapping[str, Interval]:
    return MappingProxyType({name: own for name, own in intervals.items() if own.n > 0})


def _combine_cpu(pilot: PilotRun, table: "pd.DataFrame | None") -> Mapping[str, float]:
    """Host -> CPU seconds per request: the sum of a tier from a comparison, its division among hosts from the pilot."""
    cpu_s = dict(pilot.cpu_s)
    if table is None:
        return cpu_s
    rows = table[table["design"] == pilot.design]
    for tier, figure in MEASURED.items():
        hosts = [host for host in cpu_s if _is_in_tier(host, tier)]
        estimated = sum(cpu_s[host] for host in hosts)
        measured = float(np.nanmean(rows[figure])) if figure in rows and rows[figure].notna().any() else np.nan
        if estimated > 0 and measured > 0:
            cpu_s |= {host: cpu_s[host] * measured / estimated for host in hosts}
    return cpu_s


def _is_in_tier(host: str, tier: str) -> bool:
    kind = find_host_kind(host)
    return kind in {SERVICE: ("gateway", SERVICE), "database": (STORE,)}.get(tier, (tier,))


def list_tiers_at_load(scenario: Scenario, design: str, load: float | None, pilot: PilotRun) -> tuple[Tier, ...]:
    """Tiers of a design under a load, with their busy vCPUs, over which a search runs."""
    wanted = scale_to_load(scenario, load)
    return list_tiers(wanted, wanted.design(design), compute_load(wanted), pilot.cpu_s)
