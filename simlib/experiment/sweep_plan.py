"""Sweeps that are often asked for: over the load, over a cache's time to live; which values, and how long a run."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from simlib.analysis.queueing import zipf_ttl_hit_ratio
from simlib.scenario.errors import InputError
from simlib.scenario.scenario import Scenario

LOAD, TTL = "load", "ttl"
RATE, USERS = "world.load.arrival_rate", "world.population.users"
SHARES = (0.1, 0.3, 0.5, 0.7, 0.8, 0.85)
"""Of the load at which the API's own work alone would fill the resource server."""
FRACTIONS = (1 / 12, 0.25, 0.5, 1.0, 2.0)
"""Of the time to live in the scenario."""
FEW = 4
"""Replications at each point, at most: there are many points, and neighbours meet the same luck."""
BUDGET = 1_000_000
"""Requests of a whole sweep, about: a minute on two cores."""


@dataclass(frozen=True)
class SweepPlan:
    """A scenario with the designs that are looked at, shortened where it would take too long, a key, and its values."""

    over: str
    scenario: Scenario
    key: str
    values: tuple[float, ...]

    @property
    def varied(self) -> str | None:
        """The design whose cache is varied; None in a sweep over anything else."""
        return self.key.split(".")[1] if self.over == TTL else None

    @property
    def runs(self) -> int:
        """How many runs it takes: a design that the key does not touch is run at one value alone."""
        touched = 1 if self.key.startswith("designs.") else len(self.scenario.designs)
        untouched = len(self.scenario.designs) - touched
        return (touched * len(self.values) + untouched) * self.scenario.run.replications

    def expected_hit_ratio(self, ttl_s: float) -> float:
        """Hit ratio of the varied design's cache by the closed form, the mean over the users of r / (1 + r)."""
        scenario = self.scenario
        replicas = scenario.design(str(self.varied)).replicas["service"]
        people = scenario.world.population
        rate = scenario.expected_requests / scenario.horizon_s / replicas
        return zipf_ttl_hit_ratio(rate, ttl_s, people.users, people.zipf_exponent)

    @property
    def has_closed_form(self) -> bool:
        """Whether that form holds: Poisson demand at a steady rate, and a place in the cache for every token."""
        if self.varied is None or self.scenario.world.load.kind != "poisson":
            return False
        capacity = getattr(self.scenario.design(self.varied).settings("service"), "capacity", None)
        return capacity is None or capacity >= self.scenario.world.population.users

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of the closed form must know; empty in a sweep over anything but a time to live."""
        if self.varied is None:
            return ()
        if not self.has_closed_form:
            return ("There is no closed form: it needs Poisson arrivals at a steady rate, and room for every token.",)
        return (
            "The closed form is r / (1 + r) with r requests per token, replica and time to live, averaged over the "
            "users. It supposes tokens that never end; these live "
            f"{self.scenario.design(self.varied).token_lifetime_s:g} s, and an entry ends with its token, so a long "
            "time to live hits less often than that.",
        )


def sweep_plan(
    scenario: Scenario,
    over: str,
    designs: Sequence[str] = (),
    values: Sequence[float] = (),
    length_s: float | None = None,
    replications: int | None = None,
) -> SweepPlan:
    """What `simlib sweep` runs; what is not given is chosen.

    ``over`` is "load", "ttl" or a key of the scenario's file. A sweep over a time to live takes the first design with
    a cache alone, unless designs are named. Raises InputError for what cannot be swept.
    """
    if over == TTL:
        chosen, key, usual = _ttl(_with_designs(scenario, designs), bool(designs))
    else:
        chosen = _with_designs(scenario, designs)
        key, usual = _load(chosen) if over == LOAD else (over, ())
    swept = tuple(dict.fromkeys(values)) or usual
    if not swept:
        raise InputError(f"--over {over}: which values? Give --values, such as --values 1,2,5")
    if key == USERS:
        swept = tuple(round(value) for value in swept)
    rates = swept if key == RATE else ()
    run = _run(chosen, over, swept, rates, length_s, replications)
    return SweepPlan(over, run, key, swept)


def _with_designs(scenario: Scenario, names: Sequence[str]) -> Scenario:
    if not names:
        return scenario
    return replace(scenario, designs=MappingProxyType({name: scenario.design(name) for name in names}))


def _load(scenario: Scenario) -> tuple[str, tuple[float, ...]]:
    load, work = scenario.world.load, scenario.world.service.work.mean()
    if load.kind == "replay":
        raise InputError(
            "--over load: a replayed log has a load of its own; try --over world.load.copies --values 1,2,4"
        )
    workers = min(design.replicas["service"] for design in scenario.designs.values()) * scenario.world.service.workers
    full = workers / work if work > 0 else 0.0  # requests per second
    if load.kind == "closed":
        return USERS, tuple(dict.fromkeys(max(1, round(share * full * (load.think.mean() + work))) for share in SHARES))
    return RATE, tuple(float(f"{share * full:.2g}") for share in SHARES if full)


def _ttl(scenario: Scenario, named: bool) -> tuple[Scenario, str, tuple[float, ...]]:
    own = {name: getattr(one.settings("service"), "ttl_s", None) for name, one in scenario.designs.items()}
    caching = [name for name, ttl in own.items() if ttl is not None]
    if not caching:
        raise InputError(f"--over ttl: no design keeps answers for a time to live; there are {', '.join(own)}")
    first = caching[0]
    chosen = scenario if named else _with_designs(scenario, [first])
    usual = tuple(float(f"{part * (own[first] or 1.0):.3g}") for part in FRACTIONS)
    return chosen, f"designs.{first}.service.ttl_s", usual


def _run(
    scenario: Scenario,
    over: str,
    values: Sequence[float],
    rates: Sequence[float],
    length_s: float | None,
    replications: int | None,
) -> Scenario:
    """The scenario with a run that fits: a warm-up in which caches fill, and no longer after it than is affordable."""
    run = scenario.run
    few = min(run.replications, FEW) if replications is None else replications
    # An entry of the longest life must have been renewed before it counts.
    warm_up = max(run.warm_up_s, max(values)) if over == TTL else run.warm_up_s
    length = run.length_s + warm_up - run.warm_up_s
    if sum(rates) > 0:  # a rate that is none is refused where the scenario is checked
        per_second = sum(rates) * len(scenario.designs) * few
        length = min(length, max(BUDGET / per_second, 1.25 * warm_up))
    if length_s is not None:
        length = length_s
    if not warm_up < length:
        raise InputError(f"--length: must be above the warm-up of {warm_up:g} s, not {length:g}")
    return scenario.with_run(
        run.model_copy(update={"length_s": float(f"{length:.3g}"), "warm_up_s": warm_up, "replications": few})
    )
