"""Switch values: the decision taken anew with one of them as the input finds two designs equal; also closed forms."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simlib.decision.choice.results import Decision
from simlib.decision.choice.robustness import Switch
from simlib.decision.choice.switches import Lever, find_switches
from simlib.decision.effort import Item
from support.choices import KNOWN_PRICES, decided, structure, work
from support.comparisons import CACHED, JWT, OPAQUE, Figures

YEAR = 8760 * 3600
ANNUITY = sum(1.05**-year for year in (1, 2, 3))
FIGURES: Figures = {
    OPAQUE: {"rs_cpu_s": [0.05] * 4, "as_cpu_s": [0.020] * 4, "mean_s": [0.030] * 4, "exposure_s": [0.0] * 4},
    CACHED: {"rs_cpu_s": [0.05] * 4, "as_cpu_s": [0.012] * 4, "mean_s": [0.029] * 4, "exposure_s": [10.0] * 4},
    JWT: {"rs_cpu_s": [0.05] * 4, "as_cpu_s": [0.001] * 4, "mean_s": [0.028] * 4, "exposure_s": [40.0] * 4},
}
"""A JWT saves CPU at the authorization server, and exposes revoked tokens."""
ITEMS = (
    work(OPAQUE, 10.0, 20.0, 30.0),
    work(CACHED, 22.0, 26.0, 40.0),
    work(JWT, 25.0, 28.0, 50.0),
    work(OPAQUE, 6.0, 8.0, 9.0, kind="recurring"),
    work(CACHED, 7.0, 9.0, 12.0, kind="recurring"),
    work(JWT, 4.0, 6.0, 9.0, kind="recurring"),
)
STRUCTURES = {"structures": {OPAQUE: structure(), CACHED: structure(served=0.3), JWT: structure(served=0.9)}}
STATED: dict[str, Any] = {
    "worth__second": 0.0001,
    "worth__hour_down": 20.0,
    "worth__exposed_hour": 1.0,
    "decision": {"revocations_per_year": 100.0, "outage_hours_per_year": 8.76},
}


def decide(items: tuple[Item, ...] = ITEMS, **changes: Any) -> Decision:
    return decided(FIGURES, items, gain=STRUCTURES, draws=150, **{**STATED, **changes})


@pytest.fixture(scope="module")
def told() -> Decision:
    return decide()


def restate(name: str, value: float) -> dict[str, Any]:
    """Changes of the scenario by which an input has this one value."""
    if name in KNOWN_PRICES:
        return {f"prices__{name}": value}
    if name in ("second", "hour_down", "exposed_hour"):
        return {f"worth__{name}": value}
    if name == "load":
        return {"world__load__arrival_rate": value}
    return {"decision": {**STATED["decision"], name: value}}


def find_gap(told: Decision, best: str, other: str) -> tuple[float, float]:
    """Difference in mean total cost, and the size of both."""
    totals = {ranked.design: ranked.total_cost.mean for ranked in told.ranking}
    return totals[other] - totals[best], max(abs(totals[best]), abs(totals[other]))


AMOUNTS = (
    *("vcpu_hour", "developer_day", "second", "hour_down", "exposed_hour"),
    *("requests_per_year", "revocations_per_year", "outage_hours_per_year", "horizon_years", "discount_rate"),
)


@pytest.mark.parametrize("name", AMOUNTS)
def test_at_a_switch_value_two_designs_cost_the_same_and_beyond_it_the_other_costs_less(
    name: str, told: Decision
) -> None:
    best = told.ranking[0].design
    found = [switch for switch in told.switches if switch.input == name]
    for switch in found:
        gap, size = find_gap(decide(**restate(name, switch.at)), best, switch.design)
        assert abs(gap) <= 1e-7 * size
        beyond = switch.at * (1.02 if switch.at > switch.value else 0.98)
        assert find_gap(decide(**restate(name, beyond)), best, switch.design)[0] < 0
        before = switch.at * (0.98 if switch.at > switch.value else 1.02)
        assert decide(**restate(name, before)).ranking[0].design == best


def test_most_amounts_have_one(told: Decision) -> None:
    """So that the test above is about something."""
    have = {switch.input for switch in told.switches}
    assert len(have & set(AMOUNTS)) >= 6, have


def test_at_the_switch_value_of_a_work_item_two_designs_cost_the_same(told: Decision) -> None:
    best, items = told.ranking[0].design, {f"{item.id} {item.title}": item for item in ITEMS}
    found = [switch for switch in told.switches if switch.input in items]
    assert found
    for switch in found:
        changed = replace(items[switch.input], low=switch.at, likely=switch.at, high=switch.at)
        anew = decide(tuple(changed if item.id == changed.id else item for item in ITEMS))
        gap, size = find_gap(anew, best, switch.design)
        assert abs(gap) <= 1e-7 * size


def test_at_the_switch_load_two_designs_cost_the_same(told: Decision) -> None:
    best = told.ranking[0].design
    found = [switch for switch in told.switches if switch.input == "load"]
    assert found
    for switch in found:
        # More load is more users, with as many revoked tokens and as large a loss per hour for each.
        share = switch.at / 20.0
        stated = {
            "worth__hour_down": 20.0 * share,
            "decision": {**STATED["decision"], "revocations_per_year": 100 * share},
        }
        gap, size = find_gap(decide(world__load__arrival_rate=switch.at, **stated), best, switch.design)
        assert abs(gap) <= 1e-7 * size


class TestClosedForms:
    """Certain estimates: every switch value is a quotient that can be written down."""

    CERTAIN = (work(OPAQUE, 10.0), work(CACHED, 60.0), work(JWT, 30.0))
    SAVED = (0.020 - 0.001) / 3600 * KNOWN_PRICES["vcpu_hour"] / 0.5
    """Money that a JWT saves with each request."""

    def find(self, told: Decision, name: str) -> list[Switch]:
        return [switch for switch in told.switches if switch.input == name and switch.design == JWT]

    def test_effort_and_price_of_a_day(self) -> None:
        told = decided(FIGURES, self.CERTAIN, draws=50)
        assert told.ranking[0].design == OPAQUE
        saved = ANNUITY * 20.0 * YEAR * self.SAVED
        (day,) = self.find(told, "developer_day")
        # The team factor has the mean 1, but not over 50 draws.
        days = told.effort[JWT].one_off_days.mean() - told.effort[OPAQUE].one_off_days.mean()
        assert day.at == pytest.approx(saved / days)
        (own,) = self.find(told, f"effort of {JWT}")
        assert own.at == pytest.approx(told.effort[OPAQUE].one_off_days.mean() + saved / KNOWN_PRICES["developer_day"])
        (other,) = self.find(told, f"effort of {OPAQUE}")
        assert other.at == pytest.approx(told.effort[JWT].one_off_days.mean() - saved / KNOWN_PRICES["developer_day"])

    def test_a_second_an_hour_down_and_an_exposed_hour_that_count_nothing(self) -> None:
        told = decided(FIGURES, self.CERTAIN, draws=50, gain=STRUCTURES)
        gap, _ = find_gap(told, OPAQUE, JWT)
        (second,) = self.find(told, "second")
        assert (second.value, second.at) == (0.0, pytest.approx(gap / ANNUITY / (20.0 * YEAR * 0.002)))
        (hour,) = self.find(told, "hour_down")
        assert hour.at == pytest.approx(gap / ANNUITY / (8.76 * 0.9))
        # A JWT exposes more: no price of an exposed hour makes it the best.
        assert not self.find(told, "exposed_hour")

    def test_an_exposed_hour_without_revocations_is_priced_for_one_revocation(self) -> None:
        cheap = (work(OPAQUE, 30.0), work(CACHED, 60.0), work(JWT, 10.0))
        told = decided(FIGURES, cheap, draws=50)
        gap, _ = find_gap(told, JWT, OPAQUE)
        (switch,) = [own for own in told.switches if own.input == "exposed_hour"]
        assert switch.unit.endswith("with one revocation a year")
        assert switch.at == pytest.approx(gap / ANNUITY / (40.0 / 3600))
        again = {"worth__exposed_hour": switch.at, "decision": {"revocations_per_year": 1.0}}
        assert abs(find_gap(decided(FIGURES, cheap, draws=50, **again), JWT, OPAQUE)[0]) < 1e-6 * gap

    def test_horizon_and_load(self) -> None:
        """One-off effort against savings of every year, without discounting."""
        told = decided(FIGURES, self.CERTAIN, draws=50, decision={"discount_rate": 0.0})
        days = told.effort[JWT].one_off_days.mean() - told.effort[OPAQUE].one_off_days.mean()
        extra, saved = days * KNOWN_PRICES["developer_day"], 20.0 * YEAR * self.SAVED
        (horizon,) = self.find(told, "horizon_years")
        assert horizon.at == pytest.approx(extra / saved)
        (load,) = self.find(told, "load")
        assert load.at == pytest.approx(20.0 * extra / (3 * saved))
        assert {switch.input for switch in told.switches}.isdisjoint({"discount_rate"})


@given(
    st.lists(st.tuples(st.floats(0.0, 100.0), st.floats(-10.0, 10.0)), min_size=2, max_size=5),
    st.floats(0.01, 50.0),
)
@settings(max_examples=80)
def test_the_nearest_switch_of_lines_is_where_the_lower_envelope_bends(
    lines: list[tuple[float, float]], value: float
) -> None:
    """Against all pairwise intersections, of which the nearest at which the best is overtaken is the answer."""
    names = [f"d{number}" for number in range(len(lines))]

    def totals(place: float) -> dict[str, float]:
        return {name: start + slope * (place - value) for name, (start, slope) in zip(names, lines, strict=True)}

    now = totals(value)
    best = min(names, key=lambda name: (now[name], name))
    rivals = [name for name in names if name != best]
    lever = Lever("x", "", value, value, value, totals)
    found = find_switches([lever], best, rivals)
    own = lines[names.index(best)]
    above = [
        value + (start - own[0]) / (own[1] - slope)
        for start, slope in (lines[names.index(name)] for name in rivals)
        if own[1] - slope > 1e-6 and start - own[0] > 1e-6
    ]
    expected = min(above, default=None)
    switches = [switch for switch in found if switch.at > value]
    if (
        expected is not None
        and expected < value * 900
        and all(start - own[0] > 1e-6 for start, _ in (lines[names.index(name)] for name in rivals))
    ):
        (switch,) = switches
        assert switch.at == pytest.approx(expected, rel=1e-9)
        assert totals(switch.at)[switch.design] == pytest.approx(totals(switch.at)[best], abs=1e-6)


def test_nothing_switches_without_a_rival_and_where_all_are_equivalent() -> None:
    alone = decided(
        FIGURES,
        TestClosedForms.CERTAIN,
        draws=50,
        limits={"no_as_dependency": True},
        gain={"structures": {OPAQUE: structure(), CACHED: structure(), JWT: structure(outage_tolerance_s=600.0)}},
    )
    assert [ranked.place for ranked in alone.ranking] == [1, 0, 0]
    assert alone.switches == ()
    even = (work(OPAQUE, 10.0), work(CACHED, 10.0), work(JWT, 10.0))
    same = decided(FIGURES, even, draws=50, decision={"indifference": 1e9})
    assert same.word == "equivalent"
    assert same.switches == ()
