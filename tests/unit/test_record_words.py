"""Sentences about a decision: outcome, limits, break-even, its drivers, for and against."""

import math
import re
from dataclasses import replace

import pytest

from simlib import load_scenario
from simlib.decision.choice.results import Crossing, Decision, Swing
from simlib.decision.economics.crossings import CertainRegion
from simlib.decision.effort import compute_expected_effort, resolve_counts
from simlib.effort import load_ledger
from simlib.report.record.complexity import list_largest_items, measure_complexity
from simlib.report.record.drivers import choose_sensitivity, describe_shares, rank_drivers
from simlib.report.record.inputs import ASSUMED, SOURCED, classify_source, describe_input, list_inputs
from simlib.report.record.narrative import list_confirmations, list_flips
from simlib.report.record.net_present_value import (
    choose_pair,
    describe_certainty,
    describe_flip,
    describe_missing_value,
    describe_payback,
    describe_paying_loads,
    list_pairs,
)
from simlib.report.record.outcome import describe_outcome, describe_verdict, format_title, list_equal_designs
from simlib.report.record.pros_and_cons import list_arguments
from simlib.report.record.rows import (
    build_limit_rows,
    build_ranking_rows,
    describe_excluded_designs,
    describe_undecided_limits,
    list_references,
)
from support.comparisons import CACHED, JWT, OPAQUE
from support.decisions import KINDS, decision, none, out_of_limits, sensitivity, spread, undecided, worthwhile

EVERY_KIND = pytest.mark.parametrize("kind", KINDS)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("choose", f"use {CACHED}"),
        ("out-of-limits", f"use {CACHED}"),
        ("equivalent", f"it does not matter between {CACHED} and {JWT}"),
        ("undecided", "undecided"),
        ("undecided-by-estimates", "undecided"),
        ("none", "no design meets the limits"),
        ("alone", f"use {CACHED}"),
        ("six", "use opaque"),
    ],
)
def test_the_title_tells_the_outcome(kind: str, words: str) -> None:
    assert format_title(KINDS[kind]()) == f"Access tokens of Tiny: {words}"


@EVERY_KIND
def test_the_verdict_holds_its_reason_and_ends_once(kind: str) -> None:
    made = KINDS[kind]()
    told = describe_verdict(made)
    assert made.reason.rstrip(".") in told
    assert told.endswith(".")
    assert ".." not in told
    assert describe_outcome(made).startswith(
        f'Chosen option: "{made.chosen}", because ' if made.chosen else "Chosen op"
    )


def test_who_is_out_is_told_with_every_reason() -> None:
    assert describe_excluded_designs(decision()) == ()
    assert describe_excluded_designs(out_of_limits()) == (
        f"{JWT} is excluded: by its settings a revoked token may be accepted for 300 s.",
    )
    assert [sentence.partition(" is excluded: ")[0] for sentence in describe_excluded_designs(none())] == [
        OPAQUE,
        CACHED,
        JWT,
    ]
    assert all(";" in sentence for sentence in describe_excluded_designs(none()))


def test_what_is_not_known_is_told_apart_from_what_is_broken() -> None:
    assert describe_excluded_designs(undecided()) == ()
    assert describe_undecided_limits(undecided()) == (f"Undecided for {JWT}: p99 latency is 199 ms (190 to 208).",)


@pytest.mark.parametrize(
    ("kind", "marks"), [("choose", "✓✓"), ("out-of-limits", "✓·"), ("none", "✗✗"), ("undecided", "·✓")]
)
def test_one_mark_per_limit_for_all_designs(kind: str, marks: str) -> None:
    assert "".join(row.mark for row in build_limit_rows(KINDS[kind]())) == marks


def test_limits_are_told_in_words() -> None:
    assert [row.requirement for row in build_limit_rows(decision())] == [
        "p99 latency at most 200 ms",
        "a revoked token is accepted for at most 900 s",
    ]


@pytest.mark.parametrize(
    ("crossings", "always", "words"),
    [
        ((), "better", "pays at every load from 1 to 1,000 requests per second"),
        ((), "worse", "pays at no load from 1 to 1,000 requests per second"),
        ([(340, True)], "", "pays above 340 requests per second (of 1 to 1,000)"),
        ([(340, False)], "", "pays below 340 requests per second (of 1 to 1,000)"),
        ([(20, True), (340, False)], "", "pays between 20 and 340 requests per second (of 1 to 1,000)"),
        (
            [(20, False), (340, True)],
            "",
            "pays below 20 requests per second and above 340 requests per second (of 1 to 1,000)",
        ),
    ],
)
def test_the_loads_at_which_it_pays(crossings: list[tuple[float, bool]], always: str, words: str) -> None:
    found = tuple(Crossing(load, rising, 0.1) for load, rising in crossings)
    assert describe_paying_loads(worthwhile(JWT, CACHED, 0.0, crossings=found, always=always)) == words


@pytest.mark.parametrize(
    ("crossings", "words"),
    [
        ([Crossing(340.0, True, 0.25)], ("the sign is clear 25 % away from 340",)),
        (
            [Crossing(340.0, True, None, CertainRegion(120.0, 1.0), CertainRegion(900.0, 1000.0))],
            (
                "it clearly pays above 900 requests per second, and clearly does not below 120; in between the "
                "draws differ",
            ),
        ),
        (
            [Crossing(340.0, False, None, CertainRegion(120.0, 1.0))],
            ("it clearly pays below 120 requests per second, and there is no load at which it clearly does not",),
        ),
        (
            [Crossing(340.0, True, None, CertainRegion(120.0, 1.0))],
            ("it clearly does not pay below 120 requests per second, and there is no load at which it clearly does",),
        ),
        ([Crossing(340.0, True, None)], ("at every load the draws differ on whether it pays",)),
        (  # the region between two crossings is seen from both of them, and told once
            [
                Crossing(20.0, True, None, None, CertainRegion(50.0, 200.0)),
                Crossing(340.0, False, None, CertainRegion(210.0, 55.0), None),
            ],
            ("it clearly pays from 50 to 210 requests per second, and there is no load at which it clearly does not",),
        ),
        (
            [
                Crossing(20.0 + place, place % 2 == 0, None, CertainRegion(10.0, 1.0), CertainRegion(900.0, 1000.0))
                for place in range(5)
            ],
            (
                "it clearly pays above 900 requests per second, and clearly does not below 10; in between the "
                "draws differ",
            ),
        ),
    ],
)
def test_from_where_on_it_is_certain(crossings: list[Crossing], words: tuple[str, ...]) -> None:
    assert describe_certainty(worthwhile(JWT, CACHED, 0.0, crossings=tuple(crossings))) == words


def test_many_crossings_are_told_by_their_ends_and_their_number() -> None:
    found = tuple(Crossing(100.0 + number, number % 2 == 1, 0.1) for number in range(9))
    assert describe_paying_loads(worthwhile(JWT, CACHED, 0.0, crossings=found)) == (
        "pays below 100 and not above 108 requests per second; between them it changes 9 times, whenever one of both "
        "needs another server (of 1 to 1,000)"
    )


def test_everybody_is_held_against_the_baseline_and_against_the_cache() -> None:
    made = decision()
    assert [(own.design, own.against) for own in list_pairs(made)] == [
        (CACHED, OPAQUE),
        (JWT, OPAQUE),
        (OPAQUE, CACHED),
        (JWT, CACHED),
    ]
    assert list_references(made) == (OPAQUE, CACHED)
    found = {design: choose_pair(made, design) for design in (OPAQUE, CACHED, JWT)}
    assert {design: own and own.against for design, own in found.items()} == {
        OPAQUE: CACHED,
        CACHED: OPAQUE,
        JWT: CACHED,
    }


def test_a_cache_that_is_the_baseline_is_one_reference() -> None:
    made = decision()
    assert list_references(replace(made, baseline=CACHED, opponent=None, against={CACHED: made.against[CACHED]})) == (
        CACHED,
    )


def test_the_ranking_has_those_that_are_excluded_last_without_a_chance() -> None:
    rows = build_ranking_rows(out_of_limits())
    assert [(row.place, row.design) for row in rows] == [("1", CACHED), ("2", OPAQUE), ("excluded", JWT)]
    assert rows[-1].p_best == "\N{EN DASH}"
    assert rows[0].net_values[1] is None  # nobody is held against itself


def test_the_widest_driver_comes_first_and_flips_are_marked() -> None:
    own = replace(
        sensitivity(JWT, CACHED), tornado=(Swing("a", 0, 1, 5, 6), Swing("b", 0, 1, -4, 3), Swing("c", 0, 1, 9, 8))
    )
    assert [(driver.swing.input, driver.flips) for driver in rank_drivers(own)] == [
        ("b", True),
        ("a", False),
        ("c", False),
    ]


def test_what_drives_it_is_that_of_the_chosen_design() -> None:
    assert choose_sensitivity(decision()) == sensitivity(CACHED, OPAQUE)
    assert choose_sensitivity(replace(decision(), chosen=JWT)) == sensitivity(JWT, CACHED)
    assert choose_sensitivity(replace(decision(), sensitivity=())) is None


def test_money_is_an_argument_on_the_side_of_its_interval() -> None:
    parts = {
        "effort": spread(-500, 100),
        "servers": spread(300, 50),
        "traffic": spread(20, 60),
        "storage": spread(2, 1),
        "exposure": spread(0, 0),
    }
    made = decision()
    against = {**made.against, CACHED: {JWT: worthwhile(JWT, CACHED, -178, parts=parts)}}
    found = [own for own in list_arguments(replace(made, against=against), JWT) if "(computed)" in own.because]
    assert [(own.side, own.because.partition(" over 3")[0]) for own in found] == [
        ("Good", "servers cost 300 USD (250 to 350) less"),
        ("Neutral", "traffic costs 20 USD less (anything from 40 USD more to 80 USD less)"),
        ("Neutral", f"storage and exposure cost the same as with {CACHED} within 15 USD"),  # a hundredth of the margin
        ("Bad", "building and running it takes effort worth 500 USD (400 to 600) more"),
    ]


def test_the_baseline_hears_the_figures_of_its_opponent_from_the_other_side() -> None:
    measured = [own for own in list_arguments(decision(), OPAQUE) if "(measured)" in own.because]
    load = next(own for own in measured if own.because.startswith("requests at the authorization server"))
    assert load.side == "Bad"
    assert f"of {OPAQUE} are 36.00 per second higher than {CACHED}" in load.because
    assert load.because.endswith("worse (measured)")  # the word is on the side of the argument
    assert any(own.side == "Good" and own.because.startswith("exposure") for own in measured)


@EVERY_KIND
def test_every_design_has_something_for_or_against_it(kind: str) -> None:
    made = KINDS[kind]()
    for design in made.scenario.designs:
        assert list_arguments(made, design)


def test_who_breaks_a_limit_hears_it_and_who_keeps_all_too() -> None:
    made = out_of_limits()
    assert any("breaks a limit" in own.because and own.side == "Bad" for own in list_arguments(made, JWT))
    assert any("meets both limits" in own.because and own.side == "Good" for own in list_arguments(made, CACHED))


def test_a_flip_is_told_once_and_only_where_it_concerns_the_choice() -> None:
    told = list_flips(decision())
    assert len(told) == len(set(told))
    assert not any(f"{OPAQUE} against {CACHED}" in sentence for sentence in told)  # the same pair, seen from behind
    assert any("pays above 340 requests per second" in sentence and JWT in sentence for sentence in told)


def test_what_runs_today_is_no_work_left_to_do() -> None:
    own, ledger = load_scenario("internal-tool"), load_ledger()
    today = own.designs["opaque"]
    assert own.terms.present == today.name
    told = measure_complexity(own, ledger)
    effort = compute_expected_effort(ledger, own.designs, resolve_counts(own), present=today)
    for design, items in told.items.items():
        once = sum(one.item.mean * one.times for one in items if one.item.kind != "recurring")
        assert once == pytest.approx(effort[design].one_off_days)
    assert all("person-days a year" in work for work in list_largest_items(told, today.name))
    assert any(one.brought_by == ("going over from opaque",) for one in told.items["jwt"])


def test_a_minus_in_a_sentence_is_that_of_all_other_numbers() -> None:
    every = [own.because for design in decision().scenario.designs for own in list_arguments(decision(), design)]
    assert not any(re.search(r"[ (]-\d", because) for because in every)


def test_payback_beyond_the_horizon_is_told_as_such() -> None:
    late = worthwhile(JWT, CACHED, 0.0, payback_years=18.0)
    assert "after 18 years in the median draw, beyond the horizon of 3 " in describe_payback(late, 3.0)
    assert "within the horizon of 20 " in describe_payback(late, 20.0)


def test_without_requests_no_value_of_theirs_is_told() -> None:
    none_asked = worthwhile(JWT, CACHED, 0.0, flip_per_million=math.nan)
    assert describe_flip(none_asked, "USD").endswith("there are no requests")
    assert describe_missing_value(none_asked, "USD") == "there are no requests"


def test_shares_of_the_variance_are_told_by_groups_of_inputs() -> None:
    assert describe_shares(replace(sensitivity(JWT, CACHED), sobol=())) == ()
    (told,) = describe_shares(sensitivity(JWT, CACHED))
    assert all(f"{describe_input(own.input)} " in told for own in sensitivity(JWT, CACHED).sobol if own.total >= 0.01)


def test_nothing_is_confirmed_where_nothing_was_chosen() -> None:
    assert list_confirmations(none())[0] == "No design was chosen, so there is nothing to confirm yet."
    assert (
        list_confirmations(decision())[0]
        == "Check this limit: p99 latency at most 200 ms; in the simulation: 132 ms (131 to 133)."
    )


def test_what_is_neither_published_nor_measured_is_an_assumption() -> None:
    kinds = {own.name: own.kind for own in list_inputs(decision())}
    assert kinds["developer_day"] == SOURCED
    assert {kinds[name] for name in ("second", "load", "horizon_years", "effort")} == {ASSUMED}
    assert classify_source("0.5; somebody said so") == ASSUMED
    assert all(own.owner and own.where for own in list_inputs(decision()))


@EVERY_KIND
def test_equal_designs_are_the_chosen_one_and_its_equivalents(kind: str) -> None:
    made: Decision = KINDS[kind]()
    assert list_equal_designs(made) == ((made.chosen, *made.equivalents) if made.chosen else ())
