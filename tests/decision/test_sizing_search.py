"""The search for the cheapest size, on sizes whose answers are known: no simulation is needed to check a search."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simlib.decision.gain.sizing_search import Evaluation, Requirement, find_cheapest
from simlib.decision.gain.tiers import Level, Place, Setup, Tier, list_setups, shrink

ANY = Requirement({}, False)
HOURLY = {"service": 0.04, "authorization_server": 0.05, "database": 0.12}


class Table:
    """A bench that looks answers up: ``met`` says which setups keep the limits."""

    def __init__(self, tiers: tuple[Tier, ...], met: Callable[[dict[str, int]], bool]) -> None:
        self.tiers = tiers
        self.evaluations: list[Evaluation] = []
        self._met = met

    def compute_cost(self, setup: Setup) -> float:
        return sum(HOURLY[tier.name] * tier.count_vcpus(setup) for tier in self.tiers)

    def evaluate(self, setup: Setup, requirement: Requirement) -> Evaluation:
        known = next((own for own in self.evaluations if own.setup == setup), None)
        if known is None:
            over = any(tier.is_overloaded(setup) for tier in self.tiers)
            kept = not over and self._met({tier.name: tier.count_vcpus(setup) for tier in self.tiers})
            known = Evaluation(setup, self.compute_cost(setup), () if kept else ("too slow",))
            self.evaluations.append(known)
        return known


def tier(name: str, busy: float) -> Tier:
    return Tier(name, (Place(name, 1, busy, Level(1, 1)),))


def found(table: Table) -> dict[str, int]:
    best = find_cheapest(table, ANY)  # type: ignore[arg-type]
    return {own.name: own.count_vcpus(best.setup) for own in table.tiers}


@settings(max_examples=60, deadline=None)
@given(
    busy=st.tuples(*[st.floats(0.01, 2.5) for _ in HOURLY]),
    needed=st.tuples(*[st.integers(1, 9) for _ in HOURLY]),
    weights=st.tuples(*[st.floats(0.0, 3.0) for _ in HOURLY]),
    total=st.floats(0.5, 40.0),
)
def test_the_search_finds_what_trying_everything_finds(
    busy: tuple[float, ...], needed: tuple[int, ...], weights: tuple[float, ...], total: float
) -> None:
    """Any region that more servers never leave: each tier needs some, and a weighted sum must be reached."""
    tiers = tuple(tier(name, own) for name, own in zip(HOURLY, busy, strict=True))

    def met(vcpus: dict[str, int]) -> bool:
        own = list(vcpus.values())
        enough = all(have >= least for have, least in zip(own, needed, strict=True))
        return enough and sum(w * have for w, have in zip(weights, own, strict=True)) >= total

    table = Table(tiers, met)
    best = found(table)
    chains = [list_setups(own, own.find_light_setup(0.1)) for own in tiers]
    sizes = [[own.count_vcpus(setup) for setup in steps] for own, steps in zip(tiers, chains, strict=True)]
    good = [
        (sum(HOURLY[n] * v for n, v in zip(HOURLY, (a, b, c), strict=True)), dict(zip(HOURLY, (a, b, c), strict=True)))
        for a in sizes[0]
        for b in sizes[1]
        for c in sizes[2]
        if met(dict(zip(HOURLY, (a, b, c), strict=True)))
    ]
    largest = {name: own[-1] for name, own in zip(HOURLY, sizes, strict=True)}
    if not met(largest):
        assert best == largest
        assert table.evaluations[-1].reasons == ("too slow",)
    else:
        assert sum(HOURLY[n] * v for n, v in best.items()) == pytest.approx(min(cost for cost, _ in good))
        assert met(best)


@settings(max_examples=80, deadline=None)
@given(busy=st.floats(0.01, 6.0), needed=st.integers(1, 30))
def test_one_step_less_has_been_tried_and_has_failed(busy: float, needed: int) -> None:
    tiers = (tier("service", busy), tier("authorization_server", 0.2))
    table = Table(tiers, lambda vcpus: vcpus["service"] >= needed)
    best = found(table)
    setups = [(own.setup, own.met) for own in table.evaluations]
    tried = {(own["service"].vcpus, own["authorization_server"].vcpus): met for own, met in setups}
    if table.evaluations[-1].met or best["service"] >= needed:
        less = best["service"] - 1
        assert less == 0 or tried[(less, best["authorization_server"])] is False


def test_a_neighbour_that_keeps_the_limits_against_all_expectation_is_taken() -> None:
    """Six is too slow although five is not (more replicas, more cold caches): the record must not claim six or more."""
    table = Table((tier("service", 0.5),), lambda vcpus: vcpus["service"] in (5, *range(7, 99)))
    best = found(table)
    assert best["service"] in (5, 7)
    tried = {own.setup["service"].vcpus: own.met for own in table.evaluations}
    assert tried[best["service"] - 1] is False


def test_servers_grow_by_replicas_or_by_cores() -> None:
    loops, cores = Place("service", 1, 0.0, Level(3, 1)), Place("service", 1, 0.0, Level(2, 4))
    assert [one.vcpus for _, one in zip(range(4), loops.list_levels(), strict=False)] == [1, 2, 3, 4]
    grown = [one for _, one in zip(range(5), cores.list_levels(), strict=False)]
    assert grown == [Level(1, 1), Level(2, 1), Level(2, 2), Level(2, 3), Level(2, 4)]
    assert cores.find_level(5) == Level(2, 3)
    assert cores.find_level(1e9) == Level(2, 1000)
    assert loops.find_next_level(Level(1000, 1)) is None


def test_a_step_goes_to_the_busiest_place_and_the_smallest_size_is_not_overloaded() -> None:
    places = (
        Place("gateway", 1, 0.4, Level(1, 1)),
        Place("service", 2, 1.5, Level(2, 1)),
        Place("inner_service", 3, 0.9, Level(2, 1)),
    )
    own = Tier("service", places)
    first = own.find_smallest_setup()
    assert {name: level.vcpus for name, level in first.items()} == {"gateway": 1, "service": 2, "inner_service": 1}
    assert own.count_vcpus(first) == 1 + 2 * 2 + 3 * 1
    assert not own.is_overloaded(first)
    following = own.enlarge(first)
    assert following is not None
    assert following["inner_service"].vcpus == 2  # 90 % busy, the service 75 %
    less = shrink(own, first)
    assert less is not None
    assert own.is_overloaded(less)
    assert shrink(tier("service", 0.5), {"service": Level(1, 1)}) is None


def test_exactly_busy_is_overloaded() -> None:
    assert tier("service", 2.0).find_smallest_setup()["service"].vcpus == 3
    assert tier("service", 2.0).is_overloaded({"service": Level(2, 1)})


def test_an_endless_load_ends_the_search() -> None:
    table = Table((tier("service", 1e6),), lambda _: True)
    best: Any = find_cheapest(table, ANY)  # type: ignore[arg-type]
    assert not best.met
    assert best.setup["service"].vcpus == 1000
    assert len(table.evaluations) <= 2
