"""Plan of a sweep over the load, a cache's time to live or any keys: its points, and the length of its runs."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from simlib.analysis.cache_theory import zipf_ttl_hit_ratio
from simlib.deployment.parts import PARTS
from simlib.experiment.setting_keys import list_keys
from simlib.experiment.variation import Point, Sample, Variation, list_points
from simlib.scenario.errors import InputError
from simlib.scenario.fault_checks import check_fault_hosts
from simlib.scenario.faults import Fault
from simlib.scenario.scenario import Scenario
from simlib.scenario.writing import export_scenario

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
    """A scenario with the chosen designs, shortened where it would take too long, and its points.

    ``over`` is what was requested: "load", "ttl", or the keys with commas between them.
    """

    over: str
    scenario: Scenario
    variations: tuple[Variation, ...]
    points: tuple[Point, ...]
    sample: Sample | None = None

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys that are varied."""
        return tuple(each.key for each in self.variations)

    @property
    def key(self) -> str:
        """The first of the keys, in most sweeps the only one."""
        return self.keys[0]

    @property
    def values(self) -> tuple[Any, ...]:
        """Values of the first key, in the order of the points."""
        return tuple(dict.fromkeys(point[self.key] for point in self.points))

    @property
    def varied_design(self) -> str | None:
        """The design whose cache is varied; None in a sweep over anything else."""
        return self.key.split(".")[1] if self.over == TTL else None

    @property
    def runs(self) -> int:
        """Number of runs, at most: a design that no key touches is run at one point alone."""
        document = export_scenario(self.scenario)
        keys = {key: list_keys(document, key) for key in self.keys}
        cells = 0
        for design in self.scenario.designs:
            own = [key for key in self.keys if any(_concerns_design(path, design) for path in keys[key])]
            cells += len({tuple(str(point[key]) for key in own) for point in self.points})
        return cells * self.scenario.run.replications

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
    variations: Sequence[Variation],
    designs: Sequence[str] = (),
    length_s: float | None = None,
    replications: int | None = None,
    sample: Sample | None = None,
    most: int | None = None,
) -> SweepPlan:
    """The plan of `simlib sweep`; values, length and replications that are not given are chosen.

    A variation over "load" or "ttl" stands for the key that these mean in this scenario. A sweep over a time to live
    alone takes the first design with a cache alone, unless designs are named. Raises InputError for what cannot be
    swept, and for more than ``most`` points.
    """
    over = ", ".join(each.key for each in variations)
    alone = over == TTL and not designs
    chosen = _select_designs(scenario, [find_caching_design(_select_designs(scenario, designs))] if alone else designs)
    fitted = choose_variations(chosen, variations)
    points = list_points(fitted, sample, scenario.run.seed, most=most)
    rates = [point[RATE] for point in points if _is_number(point.get(RATE))]
    ttls = [point[fitted[0].key] for point in points] if over == TTL else []
    run = _fit_run(chosen, [ttl for ttl in ttls if _is_number(ttl)], rates, length_s, replications)
    return SweepPlan(over, run, fitted, points, sample)


def choose_variations(scenario: Scenario, variations: Sequence[Variation]) -> tuple[Variation, ...]:
    """Variations with keys in place of the short names "load" and "ttl", and with values where these were left out.

    Numbers are like the present ones. Raises InputError for a short name that means nothing in this scenario, and for a
    bare setting that no design has.
    """
    document = export_scenario(scenario)
    return tuple(_resolve_short_name(scenario, each).fit(document) for each in variations)


def _resolve_short_name(scenario: Scenario, variation: Variation) -> Variation:
    if variation.key not in (LOAD, TTL):
        return variation
    key, defaults = (_choose_loads if variation.key == LOAD else _choose_ttls)(scenario)
    chosen = variation.values or (() if variation.span else defaults)
    return variation._replace(key=key, values=chosen)


def _concerns_design(key: str, design: str) -> bool:
    return not key.startswith("designs.") or key.startswith(f"designs.{design}.")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


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
        raise InputError("--vary load: a replayed log has a load of its own; try --vary world.load.copies=1,2,4")
    workers = min(design.replicas["service"] for design in scenario.designs.values()) * scenario.world.service.workers
    capacity = workers / work if work > 0 else 0.0  # requests per second
    if load.kind == "closed":
        return USERS, tuple(
            dict.fromkeys(max(1, round(share * capacity * (load.think.mean() + work))) for share in SHARES)
        )
    return RATE, tuple(float(f"{share * capacity:.2g}") for share in SHARES if capacity)


def find_caching_design(scenario: Scenario) -> str:
    """The first design with a cache. Raises InputError when none has one."""
    ttls = {name: getattr(each.get_settings("service"), "ttl_s", None) for name, each in scenario.designs.items()}
    caching = next((name for name, ttl in ttls.items() if ttl is not None), None)
    if caching is None:
        raise InputError(f"--vary ttl: no design keeps answers for a time to live; there are {', '.join(ttls)}")
    return caching


def _choose_ttls(scenario: Scenario) -> tuple[str, tuple[float, ...]]:
    """Key of the time to live of the first design with a cache, and values around its present one."""
    first = find_caching_design(scenario)
    ttl = scenario.design(first).get_settings("service").ttl_s or 1.0
    return f"designs.{first}.service.ttl_s", tuple(float(f"{part * ttl:.3g}") for part in FRACTIONS)


def _fit_run(
    scenario: Scenario,
    ttls: Sequence[float],
    rates: Sequence[float],
    length_s: float | None,
    replications: int | None,
) -> Scenario:
    """The scenario with a warm-up in which caches that begin empty fill, and a run that fits into `BUDGET`."""
    run = scenario.run
    count = min(run.replications, MAX_REPLICATIONS) if replications is None else replications
    # An entry of the longest life must have been renewed before the warm-up ends, unless all ages are there at once.
    fills = run.caches == "empty"
    warm_up = max(run.warm_up_s, *ttls) if ttls and fills else run.warm_up_s
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
