"""How many servers each design needs: the cheapest that surely keep the limits under a load."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from simlib.analysis.intervals import Interval
from simlib.decision.economics.prices import ResolvedPrices
from simlib.decision.gain.loads import at_load, load_of, only
from simlib.decision.gain.pilot_runs import Probe, probe_designs, shortened, warmed
from simlib.decision.gain.sizing_search import LIGHT, Bench, Tried, cheapest
from simlib.decision.gain.tiers import Requirement, Setup, Tier, assumed_limits, given_limits, interval_of, tiers_of
from simlib.decision.gain.values import Size, Trial
from simlib.experiment.replicate import Progress
from simlib.scenario.hosts import AUTHORIZATION_SERVER, SERVICE, STORE, kind_of
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
    probes: Mapping[str, Probe] | None = None,
    table: "pd.DataFrame | None" = None,
) -> Mapping[str, Size]:
    """Design -> its cheapest servers, at the likely prices, under a load in requests per second (by default its own).

    Each trial is simulated in a few short paired replications of equal seeds. ``budget`` in CPU seconds decides their
    length. ``probes`` are those of `probe_designs`; ``table``, that of a comparison, says more exactly than probes
    where the search begins. ``progress`` is told how many designs are done. Raises InputError for a load that the
    scenario cannot have.
    """
    wanted = at_load(scenario, load)
    known = probes if probes is not None and wanted is scenario else probe_designs(wanted, workers=workers)
    found: dict[str, Size] = {}
    for name in scenario.designs:
        alone = only(wanted, name)
        run = trial_run(alone, known[name], budget / len(scenario.designs))
        found[name] = _size(alone.with_run(run), _cpu(known[name], table), prices, workers)
        if progress is not None:
            progress(len(found), len(scenario.designs))
    return MappingProxyType(found)


def trial_run(scenario: Scenario, probe: Probe, budget_s: float) -> Run:
    """How long each trial of a scenario's one design is, when its whole search has a budget in CPU seconds."""
    (design,) = scenario.designs.values()
    run = shortened(scenario, [probe], budget_s / TRIALS / REPLICATIONS, REPLICATIONS)
    return warmed(run, design, scenario.run.length_s)


def _size(scenario: Scenario, cpu_s: Mapping[str, float], prices: ResolvedPrices, workers: int) -> Size:
    (design,) = scenario.designs.values()
    tiers = tiers_of(scenario, design, load_of(scenario), cpu_s)
    hourly = {tier.name: prices.vcpu_hour.likely for tier in tiers}
    hourly["database"] = prices.database_vcpu_hour.likely
    bench = Bench(scenario, tiers, hourly, workers)
    requirement = given_limits(scenario.limits)
    if requirement.assumed:
        requirement = _assumed(bench, requirement)
    best = cheapest(bench, requirement)
    level = scenario.run.level
    return Size(
        design=design.name,
        load=load_of(scenario),
        **_vcpus(bench, best),
        cost_per_hour=best.cost_per_hour,
        met=best.met,
        intervals=_known(best.intervals(level)),
        trials=tuple(_trial(bench, own) for own in bench.tried),
        limits=requirement.limits,
        assumed=requirement.assumed,
    )


def _assumed(bench: Bench, given: Requirement) -> Requirement:
    light: Setup = {name: level for tier in bench.tiers for name, level in tier.light(LIGHT).items()}
    unloaded = interval_of(bench.run(light), "p99_s", bench.scenario.run.level).mean
    return assumed_limits(given, bench.scenario.terms.target_utilisation, unloaded)


def _vcpus(bench: Bench, tried: Tried) -> dict[str, int]:
    own = {tier.name: tier.vcpus(tried.setup) for tier in bench.tiers}
    return {f"{name}_vcpus": own.get(name, 0) for name in (SERVICE, AUTHORIZATION_SERVER, "database")}


def _trial(bench: Bench, tried: Tried) -> Trial:
    return Trial(
        **_vcpus(bench, tried),
        cost_per_hour=tried.cost_per_hour,
        met=tried.met,
        reasons=tried.reasons,
        simulated=bool(tried.runs),
    )


def _known(intervals: Mapping[str, Interval]) -> Mapping[str, Interval]:
    return MappingProxyType({name: own for name, own in intervals.items() if own.n > 0})


def _cpu(probe: Probe, table: "pd.DataFrame | None") -> Mapping[str, float]:
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
    kind = kind_of(host)
    return kind in {SERVICE: ("gateway", SERVICE), "database": (STORE,)}.get(tier, (tier,))


def tiers_at(scenario: Scenario, design: str, load: float | None, probe: Probe) -> tuple[Tier, ...]:
    """What a search walks along: the tiers of a design under a load, with how many of their vCPUs are busy."""
    wanted = at_load(scenario, load)
    return tiers_of(wanted, wanted.design(design), load_of(wanted), probe.cpu_s)
