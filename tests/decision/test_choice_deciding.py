"""Whole decisions on figures made by hand: every verdict, and money against the written formulas."""

import json
import math
from typing import Any

import numpy as np
import pytest

from simlib.decision.choice.document import build_decision_document
from simlib.decision.choice.results import Decision
from simlib.scenario.errors import InputError
from support.choices import KNOWN_PRICES, decided, sized, structure, work
from support.comparisons import CACHED, JWT, OPAQUE, Figures

SAME = 4
YEAR = 8760 * 3600


def steady(**figures: float) -> dict[str, list[float]]:
    """Figures that are the same in every replication."""
    return {name: [value] * SAME for name, value in figures.items()}


CHEAP: Figures = {
    OPAQUE: steady(rs_cpu_s=0.0040, as_cpu_s=0.00100, bytes_per_request=1500.0, mean_s=0.030, exposure_s=0.0),
    CACHED: steady(rs_cpu_s=0.0039, as_cpu_s=0.00080, bytes_per_request=1500.0, mean_s=0.029, exposure_s=10.0),
    JWT: steady(rs_cpu_s=0.0041, as_cpu_s=0.00005, bytes_per_request=1600.0, mean_s=0.028, exposure_s=40.0),
}
"""CPU and bytes of few cents a year at 20 requests per second."""
ITEMS = (
    work(OPAQUE, 20.0),
    work(CACHED, 26.0),
    work(JWT, 28.0),
    work(OPAQUE, 8.0, kind="recurring"),
    work(CACHED, 9.0, kind="recurring"),
    work(JWT, 6.0, kind="recurring"),
)
EVEN = (work(OPAQUE, 10.0), work(CACHED, 10.0), work(JWT, 10.0))


def by_hand(decision: Decision, design: str, against: str, load: float, years: int, rate: float) -> dict[str, Any]:
    """Net present value and payback of every draw by the formulas as they are written, in plain Python."""
    day = KNOWN_PRICES["developer_day"]
    ours, theirs = CHEAP[design], CHEAP[against]

    def per_request(own: Any) -> float:
        cpu = (own["rs_cpu_s"][0] + own["as_cpu_s"][0]) / 3600 * KNOWN_PRICES["vcpu_hour"] / 0.5
        return float(cpu + own["bytes_per_request"][0] / 1e9 * KNOWN_PRICES["gigabyte"])

    beta, requests = per_request(theirs) - per_request(ours), load * YEAR
    found: dict[str, Any] = {"npv": [], "payback": [], "beta": beta, "extra": [], "yearly": []}
    mine, other = decision.effort[design], decision.effort[against]
    for draw in range(decision.draws):
        extra = day * float(mine.one_off_days[draw] - other.one_off_days[draw])
        yearly = day * float(mine.yearly_days[draw] - other.yearly_days[draw])
        net = requests * beta - yearly
        value = -extra
        for year in range(1, years + 1):
            value += net / (1 + rate) ** year
        found["npv"].append(value)
        found["payback"].append(extra / net if net > 0 and extra > 0 else math.inf if extra > 0 else 0.0)
        found["extra"].append(extra)
        found["yearly"].append(yearly)
    return found


@pytest.mark.parametrize(("years", "rate"), [(3, 0.05), (1, 0.0), (5, 0.2)])
def test_money_equals_the_written_formulas(years: int, rate: float) -> None:
    told = decided(CHEAP, ITEMS, decision={"horizon_years": years, "discount_rate": rate})
    for against in (OPAQUE, CACHED):
        worth, hand = told.against[against][JWT], by_hand(told, JWT, against, 20.0, years, rate)
        assert worth.npv.mean == pytest.approx(np.mean(hand["npv"]), rel=1e-9)
        assert worth.npv.median == pytest.approx(np.median(hand["npv"]), rel=1e-9)
        assert worth.p_positive == np.mean(np.array(hand["npv"]) > 0)
        assert worth.payback_years == pytest.approx(np.median(hand["payback"]), rel=1e-9)
        assert worth.never_pays_back == 0.0
        # N* = (dD / a + dO) / beta with a the annuity, in requests per second; linear, so of the means.
        annuity = sum((1 + rate) ** -year for year in range(1, years + 1))
        volume = (np.mean(hand["extra"]) / annuity + np.mean(hand["yearly"])) / hand["beta"] / YEAR
        found = [crossing.load for crossing in worth.crossings]
        assert found == pytest.approx([volume] if 0.02 < volume < 20_000 else [], rel=1e-9)
        flip = -np.mean(hand["npv"]) / (annuity * 20.0 * YEAR / 1e6)
        assert worth.flip_per_million == pytest.approx(flip, rel=1e-9)


def test_what_is_never_paid_back_and_what_pays_at_once() -> None:
    dear = (work(OPAQUE, 10.0), work(JWT, 30.0), work(JWT, 3.0, kind="recurring"))
    told = decided(CHEAP, dear).against[OPAQUE][JWT]
    assert (told.payback_years, told.never_pays_back, told.payback) == (None, 1.0, None)
    assert told.always == ""  # at some load its CPU pays even for that
    cheap = (work(OPAQUE, 30.0), work(JWT, 10.0))
    told = decided(CHEAP, cheap).against[OPAQUE][JWT]
    assert (told.payback_years, told.never_pays_back, told.always) == (0.0, 0.0, "better")
    assert told.crossings == ()


def test_parts_of_a_net_present_value_add_up() -> None:
    worths = {"worth__second": 0.01, "worth__hour_down": 100.0, "worth__exposed_hour": 10.0}
    structures = {OPAQUE: structure(), CACHED: structure(served=0.5), JWT: structure(served=0.9)}
    told = decided(CHEAP, ITEMS, **worths, gain={"structures": structures}, decision={"revocations_per_year": 1000.0})
    worth = told.against[OPAQUE][JWT]
    assert sum(part.mean for part in worth.parts.values()) == pytest.approx(worth.npv.mean, rel=1e-9)
    annuity = sum(1.05**-year for year in (1, 2, 3))
    assert worth.parts["latency"].mean == pytest.approx(annuity * 20 * YEAR * 0.002 * 0.01, rel=1e-6)
    assert worth.parts["availability"].mean == pytest.approx(annuity * 8.76 * 0.9 * 100)
    assert worth.parts["exposure"].mean == pytest.approx(-annuity * 1000 * 40 / 3600 * 10, rel=1e-6)
    for row in told.ranking:
        assert sum(part.mean for part in row.cost_parts.values()) == pytest.approx(row.total_cost.mean, rel=1e-9)


def test_what_users_lose_grows_with_their_number() -> None:
    """Twice as many users lose twice as much in an hour down, and twice as many of their tokens are stolen."""
    structures = {OPAQUE: structure(), CACHED: structure(), JWT: structure(served=0.5)}
    told = decided(
        CHEAP,
        (work(OPAQUE, 10.0), work(JWT, 10.4)),
        worth__hour_down=100.0,
        worth__exposed_hour=10.0,
        gain={"structures": structures},
        decision={"revocations_per_year": 1000.0},
    )
    worth = told.against[OPAQUE][JWT]
    assert worth.parts["availability"].mean > -worth.parts["exposure"].mean > 0
    earned = sum(worth.parts[cause].mean for cause in ("availability", "exposure", "servers", "traffic"))
    (crossing,) = worth.crossings
    assert crossing.load == pytest.approx(20 * -worth.parts["effort"].mean / earned)


@pytest.mark.parametrize("against", [OPAQUE, CACHED])
def test_break_even_is_real(against: str) -> None:
    """The decision is taken again in worlds with that much less and that much more load."""
    worth = decided(CHEAP, (work(OPAQUE, 20.0), work(CACHED, 22.0), work(JWT, 40.0)), draws=1000).against[against][JWT]
    (crossing,) = worth.crossings
    assert crossing.step is not None
    assert crossing.to_positive

    def npv(load: float) -> Any:
        items = (work(OPAQUE, 20.0), work(CACHED, 22.0), work(JWT, 40.0))
        return decided(CHEAP, items, draws=1000, world__load__arrival_rate=load).against[against][JWT].npv

    assert npv(crossing.load).mean == pytest.approx(0, abs=1e-6)
    below, above = npv(crossing.load * (1 - crossing.step)), npv(crossing.load * (1 + crossing.step))
    assert below.high < 0 < above.low
    closer = crossing.step * 0.88  # the next smaller step that is tried is 12 % below
    below, above = npv(crossing.load * (1 - closer)), npv(crossing.load * (1 + closer))
    assert below.high >= 0 or above.low <= 0
    sides = crossing.below, crossing.above
    assert sides[0] is not None
    assert sides[1] is not None
    assert npv(sides[0].near).high < 0 < npv(sides[1].near).low
    assert 1 - crossing.step <= sides[0].near / crossing.load * 1.0001  # no farther away than the step on both sides
    assert sides[1].near / crossing.load <= (1 + crossing.step) * 1.0001


def test_a_value_that_falls_and_rises_has_two_crossings_and_both_are_real() -> None:
    """A JWT that takes less work and sends more: ahead, then behind, and ahead again when the AS would have to grow."""
    figures = {
        OPAQUE: steady(rs_cpu_s=0.0001, as_cpu_s=0.04, bytes_per_request=0.0),
        CACHED: steady(rs_cpu_s=0.0001, as_cpu_s=0.04, bytes_per_request=0.0),
        JWT: steady(rs_cpu_s=0.0001, as_cpu_s=0.0, bytes_per_request=20_000.0),
    }
    gain = {"sizes": {name: sized(name, 1, 1) for name in (OPAQUE, CACHED, JWT)}}
    whole = decided(figures, (work(OPAQUE, 0.6),), gain=gain)
    told = whole.against[OPAQUE][JWT]
    # Up to 20 / s one server is enough, and 80 % busy; each further request per second takes a twentieth of one.
    annuity = sum(1.05**-year for year in (1, 2, 3))
    saved = 500 * float(whole.effort[OPAQUE].one_off_days.mean())
    sent, served = annuity * YEAR * 20_000 / 1e9 * 0.02, annuity * 8760 * 0.05 / 20
    first, second = saved / sent, (20 * served - saved) / (served - sent)
    assert [crossing.load for crossing in told.crossings] == pytest.approx([first, second])
    assert [crossing.to_positive for crossing in told.crossings] == [False, True]
    assert 0 < first < 20 < second

    def npv(load: float, draw: float) -> float:
        return 500 * draw - sent * load + served * max(load - 20, 0)

    ends = [float(np.quantile(whole.effort[OPAQUE].one_off_days, share)) for share in (0.025, 0.975)]
    for crossing in told.crossings:
        assert crossing.step is not None
        sides = [crossing.load * (1 - crossing.step), crossing.load * (1 + crossing.step)]
        below, above = sides if crossing.to_positive else reversed(sides)
        assert npv(below, ends[1]) < 0 < npv(above, ends[0])


def test_the_value_at_the_scenarios_load_is_that_of_its_sized_servers() -> None:
    sizes = {OPAQUE: sized(OPAQUE, 3, 2), CACHED: sized(CACHED, 3, 1), JWT: sized(JWT, 2, 1)}
    told = decided(CHEAP, EVEN, gain={"sizes": sizes}).against[OPAQUE][JWT]
    annuity = sum(1.05**-year for year in (1, 2, 3))
    assert told.parts["servers"].mean == pytest.approx(annuity * 2 * 0.05 * 8760)
    at = told.curve.loads.index(20.0)
    assert told.curve.mean[at] == pytest.approx(told.npv.mean)


class TestWord:
    def test_choose(self) -> None:
        told = decided(CHEAP, (work(OPAQUE, 30.0), work(CACHED, 40.0), work(JWT, 10.0)))
        assert (told.word, told.chosen, told.equivalents, told.more_replications) == ("choose", JWT, (), 0)
        assert [row.design for row in told.ranking] == [JWT, OPAQUE, CACHED]
        assert told.ranking[0].p_best == 1.0
        assert "over 99 %" in told.reason  # draws cannot tell it from certainty

    def test_choose_the_only_one_that_is_left(self) -> None:
        told = decided(CHEAP, ITEMS, limits={"revocation_lag_s": 12.0})
        assert (told.word, told.chosen) == ("choose", OPAQUE)
        assert "only design" in told.reason

    def test_equivalent(self) -> None:
        items = (work(OPAQUE, 10.0), work(CACHED, 10.5), work(JWT, 60.0))
        told = decided(CHEAP, items, decision={"indifference": 1000.0})
        assert (told.word, told.equivalents, told.margin) == ("equivalent", (CACHED,), 1000.0)
        assert told.chosen == OPAQUE
        assert told.reason.startswith("It does not matter")

    def test_the_usual_margin_is_a_share_of_what_is_spent_and_not_of_what_is_valued(self) -> None:
        told = decided(CHEAP, ITEMS)
        assert told.margin == pytest.approx(0.05 * next(r for r in told.ranking if r.design == OPAQUE).total_cost.mean)
        assert decided(CHEAP, ITEMS, worth__second=10.0, worth__hour_down=1e6).margin == told.margin

    def test_equivalent_even_where_the_difference_is_certain(self) -> None:
        told = decided(CHEAP, EVEN, decision={"indifference": 50.0})
        assert told.word == "equivalent"
        assert told.ranking[0].p_best == 1.0

    def test_undecided_for_want_of_better_estimates_of_effort(self) -> None:
        told = decided(CHEAP, (work(OPAQUE, 5.0, 20.0, 60.0), work(CACHED, 90.0), work(JWT, 4.0, 21.0, 70.0)))
        assert (told.word, told.chosen, told.open_because, told.more_replications) == ("undecided", None, "effort", 0)
        assert "more replications would not help" in told.reason

    def test_undecided_for_want_of_better_prices(self) -> None:
        figures = {**CHEAP, JWT: {**CHEAP[JWT], "bytes_per_request": [2000.0] * SAME}}
        prices = {"prices__gigabyte": {"low": 0.0, "likely": 0.05, "high": 0.3}}
        told = decided(figures, EVEN, **prices, decision={"indifference": 1.0})
        assert (told.word, told.open_because, told.more_replications) == ("undecided", "prices", 0)

    def test_none(self) -> None:
        told = decided(CHEAP, ITEMS, limits={"p99_s": 0.001})
        assert (told.word, told.chosen) == ("none", None)
        assert {row.place for row in told.ranking} == {0}
        assert all(name in told.reason for name in (OPAQUE, CACHED, JWT))

    def test_undecided_because_a_limit_is(self) -> None:
        figures = {**CHEAP, JWT: {**CHEAP[JWT], "p99_s": [0.03, 0.05, 0.03, 0.05]}}
        items = (work(OPAQUE, 30.0), work(CACHED, 30.0), work(JWT, 10.0))
        told = decided(figures, items, limits={"p99_s": 0.045})
        assert (told.word, told.open_because) == ("undecided", "limits")
        assert told.more_replications is not None
        assert told.more_replications > 0
        (limit,) = [one for one in told.limits if one.design == JWT]
        assert limit.more_replications == told.more_replications


def noisy(replications: int) -> Figures:
    """A JWT that is quicker by 1 ms in the mean, give or take 2 ms from replication to replication."""
    turns = [1.0, -1.0] * (replications // 2) + [0.0] * (replications % 2)
    wobble = [0.002 * turn / np.std(turns, ddof=1) for turn in turns]
    figures = {name: {key: [value[0]] * replications for key, value in own.items()} for name, own in CHEAP.items()}
    figures[JWT]["mean_s"] = [0.028 + own for own in wobble]
    return figures


def with_runs(replications: int) -> Decision:
    return decided(noisy(replications), EVEN, replications=replications, worth__second=0.01)


def test_undecided_says_how_many_more_replications_decide() -> None:
    told = with_runs(6)
    assert (told.word, told.open_because) == ("undecided", "simulation")
    more = told.more_replications
    assert more is not None
    assert more > 1
    assert with_runs(6 + more + 1).word == "choose"  # even and odd numbers wobble a little differently
    assert with_runs(6 + more // 2).word == "undecided"


class TestLimits:
    def test_what_breaks_one_is_out_with_the_reason(self) -> None:
        told = decided(CHEAP, (work(OPAQUE, 30.0), work(JWT, 1.0)), limits={"revocation_lag_s": 20.0})
        broken = {one.design: one for one in told.limits if one.word == "broken"}
        assert set(broken) == {CACHED, JWT}
        assert broken[JWT].found == "30 s"  # its whole life
        assert "30 s" in broken[JWT].reason
        row = next(row for row in told.ranking if row.design == JWT)
        assert (row.place, row.p_best) == (0, 0.0)
        assert JWT in told.against[OPAQUE]  # told all the same

    @pytest.mark.parametrize(
        ("limit", "own", "word"),
        [
            ({"availability": 0.9995}, {"served": 0.0}, "broken"),  # 8.76 hours are 0.1 % of the year
            ({"availability": 0.9995}, {"served": 0.6}, "met"),
            ({"opaque_to_clients": True}, {"opaque_to_clients": False}, "broken"),
            ({"opaque_to_clients": True}, {"opaque_to_clients": True}, "met"),
            ({"no_as_dependency": True}, {"outage_tolerance_s": 599.0}, "broken"),
            ({"no_as_dependency": True}, {"outage_tolerance_s": 600.0}, "met"),
        ],
    )
    def test_those_of_structure(self, limit: dict[str, Any], own: dict[str, Any], word: str) -> None:
        structures = {name: structure(**(own if name == JWT else {})) for name in (OPAQUE, CACHED, JWT)}
        told = decided(CHEAP, ITEMS, limits=limit, gain={"structures": structures})
        assert [one.word for one in told.limits if one.design == JWT] == [word]

    def test_flags_that_are_not_set_are_no_limits(self) -> None:
        told = decided(CHEAP, ITEMS, limits={"opaque_to_clients": False, "no_as_dependency": False})
        assert told.limits == ()

    def test_the_largest_header_counts(self) -> None:
        extra = {OPAQUE: {"header_bytes": 400.0}, CACHED: {"header_bytes": 400.0}, JWT: {"header_bytes": 1200.0}}
        told = decided(CHEAP, ITEMS, extra=extra, limits={"header_bytes": 1000})
        assert {one.design: one.word for one in told.limits} == {OPAQUE: "met", CACHED: "met", JWT: "broken"}
        told = decided(CHEAP, ITEMS, limits={"header_bytes": 1000})
        assert {one.word for one in told.limits} == {"undefined"}
        assert (told.word, told.more_replications) == ("undecided", None)

    def test_a_design_that_does_not_keep_up_is_out_unless_its_servers_were_sized(self) -> None:
        figures = {**CHEAP, JWT: {**CHEAP[JWT], "backlog_slope": [5.0, 5.1, 4.9, 5.0]}}
        cheapest = (work(OPAQUE, 30.0), work(CACHED, 30.0), work(JWT, 1.0))
        told = decided(figures, cheapest)
        assert [(one.design, one.word) for one in told.limits] == [(JWT, "unstable")]
        assert told.chosen != JWT
        sizes = {name: sized(name, 2, 1) for name in (OPAQUE, CACHED, JWT)}
        assert decided(figures, cheapest, gain={"sizes": sizes}).chosen == JWT

    def test_a_design_that_no_size_saves_is_out(self) -> None:
        sizes = {name: sized(name, 2, 1, met=name != JWT) for name in (OPAQUE, CACHED, JWT)}
        told = decided(CHEAP, (work(OPAQUE, 30.0), work(JWT, 1.0)), gain={"sizes": sizes})
        assert [(one.design, one.limit, one.word) for one in told.limits] == [(JWT, "servers", "broken")]


class TestRivals:
    def test_a_design_is_always_held_against_the_one_with_a_cache(self) -> None:
        told = decided(CHEAP, ITEMS)
        assert (told.baseline, told.opponent) == (OPAQUE, CACHED)
        assert {rival: set(own) for rival, own in told.against.items()} == {
            OPAQUE: {CACHED, JWT},
            CACHED: {OPAQUE, JWT},
        }

    def test_it_is_its_own_opponent_as_the_baseline(self) -> None:
        told = decided(CHEAP, ITEMS, decision={"baseline": CACHED})
        assert (told.baseline, told.opponent) == (CACHED, None)
        told = decided(CHEAP, ITEMS, decision={"baseline": JWT})
        assert (told.baseline, told.opponent) == (JWT, CACHED)

    def test_values_of_a_pair_are_each_others_opposite(self) -> None:
        told = decided(CHEAP, ITEMS)
        one, other = told.against[OPAQUE][CACHED], told.against[CACHED][OPAQUE]
        assert one.npv.mean == pytest.approx(-other.npv.mean)
        assert one.npv.low == pytest.approx(-other.npv.high)
        assert [c.load for c in one.crossings] == [c.load for c in other.crossings]
        assert [c.to_positive for c in one.crossings] == [not c.to_positive for c in other.crossings]

    @pytest.mark.parametrize("key", ["baseline", "present"])
    def test_a_rival_that_is_not_there_is_refused(self, key: str) -> None:
        with pytest.raises(InputError, match=f"decision.{key}: unknown design 'saml'"):
            decided(CHEAP, ITEMS, decision={key: "saml"})

    def test_who_is_there_already_is_not_built_again(self) -> None:
        told = decided(CHEAP, ITEMS, decision={"present": OPAQUE})
        days = {row.design: row.effort_days.mean for row in told.ranking}
        assert days[OPAQUE] == 0
        assert days[JWT] > 0


def test_equal_seeds_give_equal_documents_and_others_do_not() -> None:
    def text(**changes: Any) -> str:
        told = decided(CHEAP, ITEMS, known=False, sensitivity=True, draws=500, **changes)
        return json.dumps(build_decision_document(told), allow_nan=False)

    assert text() == text()
    assert text() != text(run__seed=8)


def test_unknown_figures_leave_numbers_that_can_be_written_down() -> None:
    unknown = {name: {**own, "exposure_s": [math.nan] * SAME} for name, own in CHEAP.items()}
    told = decided(unknown, ITEMS, worth__exposed_hour=10.0, decision={"revocations_per_year": 100.0})
    json.dumps(build_decision_document(told), allow_nan=False)
    assert any("is unknown and costs nothing here" in sentence for sentence in told.left_out)
    assert told.against[OPAQUE][JWT].parts["exposure"].mean == 0
    known = {name: structure(expected_exposure_s=15.0 if name == JWT else 0.0) for name in (OPAQUE, CACHED, JWT)}
    told = decided(
        unknown, ITEMS, worth__exposed_hour=10.0, gain={"structures": known}, decision={"revocations_per_year": 100.0}
    )
    annuity = sum(1.05**-year for year in (1, 2, 3))
    assert told.against[OPAQUE][JWT].parts["exposure"].mean == pytest.approx(-annuity * 100 * 15 / 3600 * 10)
    assert any(f"{JWT} 15 s" in sentence and "expected by settings" in sentence for sentence in told.left_out)


def test_one_design_without_measured_exposure_has_all_judged_by_their_settings() -> None:
    some = {name: {**own, "exposure_s": [math.nan if name == JWT else 4.0] * SAME} for name, own in CHEAP.items()}
    lives = {OPAQUE: 0.0, CACHED: 30.0, JWT: 60.0}
    known = {name: structure(expected_exposure_s=life) for name, life in lives.items()}
    told = decided(
        some, ITEMS, worth__exposed_hour=10.0, gain={"structures": known}, decision={"revocations_per_year": 100.0}
    )
    annuity = sum(1.05**-year for year in (1, 2, 3))
    for design in (CACHED, JWT):
        lost = -annuity * 100 * lives[design] / 3600 * 10
        assert told.against[OPAQUE][design].parts["exposure"].mean == pytest.approx(lost)
    (frontier,) = (one for one in told.frontiers if one.figure == "exposure_s")
    assert {point.design: point.gain.mean for point in frontier.points} == pytest.approx(lives)


def test_one_replication_says_that_it_has_no_spread() -> None:
    figures = {name: {key: value[:1] for key, value in own.items()} for name, own in CHEAP.items()}
    told = decided(figures, ITEMS, replications=1)
    assert any("One replication" in sentence for sentence in told.left_out)


def test_machines_that_must_be_there_are_not_doubled_at_the_first_further_request() -> None:
    """Four hosts that idle are the fewest there are: only more load than they can bear adds to them."""
    inner = {"audience": "https://inner.example", "scope": "catalogue:read", "reply_bytes": 100}
    work_s = {"kind": "exponential", "mean_s": 0.001}
    world = {
        "world__service__calls": ["one", "two", "three"],
        "world__inner_services": {name: {**inner, "work": work_s} for name in ("one", "two", "three")},
    }
    sizes = {OPAQUE: sized(OPAQUE, 4, 1), CACHED: sized(CACHED, 4, 1), JWT: sized(JWT, 5, 1)}
    told = decided(CHEAP, EVEN, gain={"sizes": sizes}, **world).against[OPAQUE][JWT]
    annuity = sum(1.05**-year for year in (1, 2, 3))
    server = annuity * 0.05 * 8760
    traffic = annuity * 20 * YEAR * 100 / 1e9 * 0.02
    at = told.curve.loads.index(20.0)
    assert told.curve.mean[at] == pytest.approx(-server - traffic)
    above, load = told.curve.mean[at + 1], told.curve.loads[at + 1]  # a tenth more: of the five that were needed, half
    assert above == pytest.approx(-server * (5 * load / 20 - 4) - traffic * load / 20)
    assert told.curve.mean[0] == pytest.approx(-traffic / 1000, abs=1e-6)  # four and one are the fewest in both


def test_a_shared_cache_is_paid_for() -> None:
    extra: Figures = {CACHED: {"shared_store_cpu_s": 0.0001}}
    annuity = sum(1.05**-year for year in (1, 2, 3))
    told = decided(CHEAP, EVEN, extra=extra)
    plain = decided(CHEAP, EVEN)
    more = plain.against[OPAQUE][CACHED].parts["servers"].mean - told.against[OPAQUE][CACHED].parts["servers"].mean
    assert more == pytest.approx(annuity * 20 * YEAR * 0.0001 / 3600 * 0.1 / 0.5)
    sizes = {name: sized(name, 1, 1) for name in (OPAQUE, CACHED, JWT)}
    whole = decided(CHEAP, EVEN, extra=extra, gain={"sizes": sizes}).against[OPAQUE][CACHED]
    assert whole.parts["servers"].mean == pytest.approx(-annuity * 0.1 * 8760)  # one vCPU, at the price of a database's
