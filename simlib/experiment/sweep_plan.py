"""Plan of a sweep over the load, a cache's time to live or any key: its values, and the length of its runs."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from simlib.analysis.cache_theory import zipf_ttl_hit_ratio
from simlib.deployment.parts import PARTS
from simlib.scenario.errors import InputError
from simlib.scenario.fault_checks import check_fault_hosts
from simlib.scenario.faults import Fault
from simlib.scenario.scenario import Scenario

LOAD, TTL = "load", "ttl"
RATE, USERS = "world.load.arrival_rate", "world.population.users"
SHARES = (0.1, 0.3, 0.5, 0.7, 0.8, 0.85)
"""Of the load at which the API's own work alone would fill the resource server."""
FRACTIONS = (1 / 12, 0.25, 0.5, 1.0, 2.0)
"""Of the time to live in the scenario."""
MAX_REPLICATIONS = 4
"""Replications at each point, at most: there are many points, and all have common random numbers."""
BUDGET = 1_000_000
"""Requests of a whole sweep, about: a minute on two cores."""


@dataclass(frozen=True)
class SweepPlan:
    """A scenario with the chosen designs, shortened where it would take too long, a key, and its values."""

    over: str
    scenario: Scenario
    key: str
    values: tuple[float, ...]

    @property
    def varied_design(self) -> str | None:
        """The design whose cache is varied; None in a sweep over anything else."""
        return self.key.split(".")[1] if self.over == TTL else None

    @property
    def runs(self) -> int:
        """Number of runs: a design that the key does not touch is run at one value alone."""
        touched = 1 if self.key.startswith("designs.") else len(self.scenario.designs)
        untouched = len(self.scenario.designs) - touched
        return (touched * len(self.values) + untouched) * self.scenario.run.replications

    def compute_hit_ratio(self, ttl_s: float) -> float:
        """Hit ratio of the varied design's cache by the closed form, the mean over the users of r / (1 + r)."""
        scenario = self.scenario
        replicas = scenario.design(str(self.varied_design)).replicas["service"]
        population = scenario.world.population
        rate = scenario.expected_requests / scenario.horizon_s / replicas
        return zipf_ttl_hit_ratio(rate, ttl_s, population.users, population.zipf_exponent)

    @property
    def has_closed_form(self) -> bool:
        """Whether that form holds: Poisson demand at a steady rate, and a place in the cache for every token."""
        if self.varied_design is None or self.scenario.world.load.kind != "poisson":
            return False
        capacity = getattr(self.scenario.design(self.varied_design).get_settings("service"), "capacity", None)
        return capacity is None or capacity >= self.scenario.world.population.users

    @property
    def notes(self) -> tuple[str, ...]:
        """Assumptions of the closed form, a sentence each; empty in a sweep over anything but a time to live."""
        if self.varied_design is None:
            return ()
        if not self.has_closed_form:
            return ("There is no closed form: it needs Poisson arrivals at a steady rate, and room for every token.",)
        lifetime_s = self.scenario.design(self.varied_design).token_lifetime_s
        return (
            "The closed form is r / (1 + r) with r requests per token, replica and time to live, averaged over the "
            f"users. It supposes tokens that never end; these live {lifetime_s:g} s, and an entry ends with its token, "
            "so a long time to live hits less often than that.",
        )


def plan_sweep(
    scenario: Scenario,
    over: str,
    designs: Sequence[str] = (),
    values: Sequence[float] = (),
    length_s: float | None = None,
    replications: int | None = None,
) -> SweepPlan:
    """The plan of `simlib sweep`; values, length and replications that are not given are chosen.

    ``over`` is "load", "ttl" or a key of the scenario's file. A sweep over a time to live takes the first design with
    a cache alone, unless designs are named. Raises InputError for what cannot be swept.
    """
    if over == TTL:
        chosen, key, defaults = _choose_ttls(_select_designs(scenario, designs), bool(designs))
    else:
        chosen = _select_designs(scenario, designs)
        key, defaults = _choose_loads(chosen) if over == LOAD else (over, ())
    swept = tuple(dict.fromkeys(values)) or defaults
    if not swept:
        raise InputError(f"--over {over}: which values? Give --values, such as --values 1,2,5")
    if key == USERS:
        swept = tuple(round(value) for value in swept)
    rates = swept if key == RATE else ()
    run = _fit_run(chosen, over, swept, rates, length_s, replications)
    return SweepPlan(over, run, key, swept)


def _select_designs(scenario: Scenario, names: Sequence[str]) -> Scenario:
    """The scenario with these designs alone, and without the faults of hosts that none of them has."""
    if not names:
        return scenario
    chosen = scenario.with_designs(names)
    faults = {name: fault for name, fault in chosen.world.faults.items() if _concerns(chosen, name, fault)}
    return replace(chosen, world=chosen.world.model_copy(update={"faults": faults}))


def _concerns(scenario: Scenario, name: str, fault: Fault) -> bool:
    world = scenario.world.model_copy(update={"faults": {name: fault}})
    try:
        check_fault_hosts(world, scenario.designs, PARTS, "")
    except InputError:
        return False
    return True


def _choose_loads(scenario: Scenario) -> tuple[str, tuple[float, ...]]:
    """Key of the load, and the values that fill the resource server by `SHARES`."""
    load, work = scenario.world.load, scenario.world.service.work.mean()
    if load.kind == "replay":
        raise InputError(
            "--over load: a replayed log has a load of its own; try --over world.load.copies --values 1,2,4"
        )
    workers = min(design.replicas["service"] for design in scenario.designs.values()) * scenario.world.service.workers
    capacity = workers / work if work > 0 else 0.0  # requests per second
    if load.kind == "closed":
        return USERS, tuple(
            dict.fromkeys(max(1, round(share * capacity * (load.think.mean() + work))) for share in SHARES)
        )
    return RATE, tuple(float(f"{share * capacity:.2g}") for share in SHARES if capacity)


def _choose_ttls(scenario: Scenario, named: bool) -> tuple[Scenario, str, tuple[float, ...]]:
    """The scenario with the first design that has a cache (all, when designs were ``named``), its key, and values."""
    ttls = {name: getattr(each.get_settings("service"), "ttl_s", None) for name, each in scenario.designs.items()}
    caching = [name for name, ttl in ttls.items() if ttl is not None]
    if not caching:
        raise InputError(f"--over ttl: no design keeps answers for a time to live; there are {', '.join(ttls)}")
    first = caching[0]
    chosen = scenario if named else _select_designs(scenario, [first])
    defaults = tuple(float(f"{part * (ttls[first] or 1.0):.3g}") for part in FRACTIONS)
    return chosen, f"designs.{first}.service.ttl_s", defaults


def _fit_run(
    scenario: Scenario,
    over: str,
    values: Sequence[float],
    rates: Sequence[float],
    length_s: float | None,
    replications: int | None,
) -> Scenario:
    """The scenario with a warm-up in which caches that begin empty fill, and a run that fits into `BUDGET`."""
    run = scenario.run
    count = min(run.replications, MAX_REPLICATIONS) if replications is None else replications
    # An entry of the longest life must have been renewed before the warm-up ends, unless all ages are there at once.
    fills = over == TTL and run.caches == "empty"
    warm_up = max(run.warm_up_s, max(values)) if fills else run.warm_up_s
    length = run.length_s + warm_up - run.warm_up_s
    if sum(rates) > 0:  # a rate of 0 or below is refused where the scenario is checked
        per_second = sum(rates) * len(scenario.designs) * count
        length = min(length, max(BUDGET / per_second, 1.25 * warm_up))
    if length_s is not None:
        length = length_s
    if not warm_up < length:
        raise InputError(f"--length: must be above the warm-up of {warm_up:g} s, not {length:g}")
    return scenario.with_run(
        run.model_copy(update={"length_s": float(f"{length:.3g}"), "warm_up_s": warm_up, "replications": count})
    )
