"""Effort of designs: the published table, draws that designs share, what scales, and going over from one to another."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simlib.decision.effort import (
    TEAM,
    Counts,
    EffortLedger,
    Item,
    build_reference_designs,
    compute_effort,
    compute_effort_swings,
    compute_expected_effort,
    compute_team_factor,
    compute_work,
    draw_effort,
    draw_item_uniforms,
    list_needed_items,
    load_ledger,
    resolve_counts,
)
from simlib.decision.effort.items import SCALES
from simlib.scenario.economics import Organisation
from simlib.strategies import WRAPPERS
from support.efforts import JWT, OPAQUE, design
from support.worlds import scenario

LEDGER, DESIGNS, ONE = load_ledger(), build_reference_designs(), Counts()
SHARED_CACHE = (0.25 + 4 * 0.5 + 1.5) / 6
PUBLISHED = {
    "opaque": (21.8, 8.0, 11, 4),
    "opaque_cache": (27.7 - SHARED_CACHE, 9.2, 16 - 1, 5),
    "jwt": (28.0, 6.7, 16 + 1, 5),
    "jwt_denylist": (35.1, 8.9, 20 + 1, 6),
    "jwe": (36.7, 8.0, 20 + 1, 7),
    "opaque_idtoken": (37.0, 12.9, 19, 8),
    "phantom": (50.5 - SHARED_CACHE, 19.3, 26, 9),
}
"""Strategy -> person-days, person-days a year, items, items a year, beyond the common ones (table B.2 of the study).

Since then K05 is for a shared cache alone, and J03 is two items: one for each API, and J09 once for all.
"""


@pytest.mark.parametrize(("name", "published"), PUBLISHED.items())
def test_the_ledger_gives_the_published_totals(name: str, published: tuple[float, float, int, int]) -> None:
    days, yearly, items, recurring = published
    found = compute_expected_effort(LEDGER, DESIGNS, ONE, common=False)[name]
    assert found.one_off_days == pytest.approx(days, abs=0.051)
    assert found.yearly_days == pytest.approx(yearly, abs=0.051)
    work = compute_work(LEDGER, DESIGNS[name], ONE, common=False)
    assert (len(work.one_off), len(work.yearly)) == (items, recurring)


def test_nine_items_are_common_and_come_on_top_of_every_design() -> None:
    common = [item for item in LEDGER.items if item.common]
    assert len(common) == 9
    whole, beyond = (compute_expected_effort(LEDGER, DESIGNS, ONE, common=common) for common in (True, False))
    for name in DESIGNS:
        more = whole[name].one_off_days - beyond[name].one_off_days
        assert more == pytest.approx(sum(item.mean for item in common))
        assert more == pytest.approx(10.6, abs=0.05)


def test_a_jwt_takes_one_to_eleven_days_more_than_opaque_when_the_team_factor_is_left_out() -> None:
    both = {name: DESIGNS[name] for name in ("opaque", "jwt")}
    drawn = draw_effort(LEDGER, both, ONE, 200_000, 1, team_factor=False)
    low, middle, high = np.quantile(drawn["jwt"].one_off_days - drawn["opaque"].one_off_days, [0.05, 0.5, 0.95])
    assert (round(low), round(middle), round(high)) == (1, 6, 11)
    yearly = np.quantile(drawn["jwt"].yearly_days - drawn["opaque"].yearly_days, [0.05, 0.5, 0.95])
    assert yearly.tolist() == pytest.approx([-4.6, -1.2, 1.9], abs=0.1)


def test_with_twenty_services_on_three_stacks_a_jwt_takes_more() -> None:
    """Credentials of the opaque side and audiences of the JWT side both grow with the services; the rest is stacks."""
    both = {name: DESIGNS[name] for name in ("opaque", "jwt")}
    few, many = Counts(stacks=3, services=1), Counts(stacks=3, services=20)
    differences = []
    for counts in (few, many):
        means = compute_expected_effort(LEDGER, both, counts)
        differences.append(means["jwt"].one_off_days - means["opaque"].one_off_days)
    assert differences[0] == pytest.approx(differences[1])
    drawn = draw_effort(LEDGER, both, many, 40_000, 1, team_factor=False)
    assert (drawn["jwt"].one_off_days > drawn["opaque"].one_off_days).mean() > 0.8


def test_means_of_draws_are_those_of_the_items() -> None:
    drawn = draw_effort(LEDGER, DESIGNS, ONE, 10_000, 2)
    for name, means in compute_expected_effort(LEDGER, DESIGNS, ONE).items():
        for draws, mean in (
            (drawn[name].one_off_days, means.one_off_days),
            (drawn[name].yearly_days, means.yearly_days),
        ):
            assert abs(draws.mean() - mean) < 4 * draws.std() / len(draws) ** 0.5


def test_draws_of_a_design_do_not_depend_on_the_company_it_is_in() -> None:
    together = draw_effort(LEDGER, DESIGNS, ONE, 50, 3)
    alone = draw_effort(LEDGER, {"jwt": DESIGNS["jwt"]}, ONE, 50, 3)
    assert np.array_equal(together["jwt"].one_off_days, alone["jwt"].one_off_days)
    again = draw_effort(LEDGER, {"other name": DESIGNS["jwt"]}, ONE, 50, 3)["other name"]
    assert np.array_equal(again.yearly_days, alone["jwt"].yearly_days)
    assert again.items == alone["jwt"].items
    assert not np.array_equal(
        draw_effort(LEDGER, DESIGNS, ONE, 50, 4)["jwt"].one_off_days, together["jwt"].one_off_days
    )


def test_what_two_designs_share_is_drawn_once() -> None:
    drawn = draw_effort(LEDGER, DESIGNS, ONE, 200, 5, team_factor=False)
    jwt, listed = (compute_work(LEDGER, DESIGNS[name], ONE) for name in ("jwt", "jwt_denylist"))
    more = set(listed.one_off) - set(jwt.one_off)
    ends = sum(LEDGER.find_item(name).low for name in more), sum(LEDGER.find_item(name).high for name in more)
    difference = drawn["jwt_denylist"].one_off_days - drawn["jwt"].one_off_days
    assert ends[0] <= difference.min()
    assert difference.max() <= ends[1]


def test_the_team_factor_is_one_for_all_that_a_team_does() -> None:
    n, seed = 300, 6
    with_team, without = (draw_effort(LEDGER, DESIGNS, ONE, n, seed, team_factor=team) for team in (True, False))
    factor = compute_team_factor(draw_item_uniforms(TEAM, n, seed))
    for name in DESIGNS:
        assert with_team[name].one_off_days == pytest.approx(factor * without[name].one_off_days)
        assert with_team[name].yearly_days == pytest.approx(factor * without[name].yearly_days)
    median, one_deviation_above = np.log(compute_team_factor(np.array([0.5, 0.841344746])))
    assert one_deviation_above - median == pytest.approx(0.25)
    middles = (np.arange(100_000) + 0.5) / 100_000
    assert compute_team_factor(middles).mean() == pytest.approx(1.0, abs=1e-5)


def test_effort_from_uniforms_of_ones_own_is_the_same_effort() -> None:
    n, seed = 64, 7
    uniforms = {name: draw_item_uniforms(name, n, seed) for name in list_needed_items(LEDGER, DESIGNS.values(), ONE)}
    driven = compute_effort(LEDGER, DESIGNS, ONE, uniforms, draw_item_uniforms(TEAM, n, seed))
    drawn = draw_effort(LEDGER, DESIGNS, ONE, n, seed)
    for name in DESIGNS:
        assert np.array_equal(driven[name].one_off_days, drawn[name].one_off_days)
        assert np.array_equal(driven[name].yearly_days, drawn[name].yearly_days)


def test_items_without_uniforms_stay_at_their_means() -> None:
    half = np.full(3, 0.5)
    found = compute_effort(LEDGER, DESIGNS, ONE, {}, half)
    for name, means in compute_expected_effort(LEDGER, DESIGNS, ONE).items():
        assert found[name].one_off_days == pytest.approx(means.one_off_days * compute_team_factor(half))


@pytest.mark.parametrize("uniforms", [{}, {"J01": np.zeros(2), "J02": np.zeros(3)}])
def test_uniforms_must_be_there_and_of_one_length(uniforms: dict[str, np.ndarray]) -> None:  # type: ignore[type-arg]
    with pytest.raises(ValueError, match="all of one length"):
        compute_effort(LEDGER, DESIGNS, ONE, uniforms, None)


@given(st.lists(st.sampled_from(sorted(set(WRAPPERS) - {"mtls"})), max_size=4), st.sampled_from(sorted(WRAPPERS)))
@settings(max_examples=30)
def test_effort_is_a_union_over_parts(around: list[str], more: str) -> None:
    plain = design(JWT, wrappers=tuple(around), name="plain")
    further = design(JWT, wrappers=(*around, more), name="further")
    twice = design(JWT, wrappers=(*around, *around), name="twice")
    works = [compute_work(LEDGER, one, ONE) for one in (plain, further, twice)]
    assert set(works[0].items) <= set(works[1].items)
    assert works[0] == works[2]


@pytest.mark.parametrize("scales", SCALES)
def test_an_item_is_done_as_often_as_what_it_scales_with(scales: str) -> None:
    item = Item("T1", "", ("service:jwt_local",), "", "one_off", scales, 1, 2, 3, "", "", "")  # type: ignore[arg-type]
    counts = Counts(stacks=2, services=7, clients=3, authorization_servers=5)
    times = {"once_as": 5, "once_org": 1, "per_rs_stack": 2, "per_rs_service": 7, "per_client": 3}
    assert compute_work(EffortLedger((item,)), design(JWT), counts).one_off == {"T1": times[scales]}
    assert compute_work(EffortLedger((item,)), design(OPAQUE), counts).one_off == {}


def test_who_does_not_run_the_server_pays_nothing_for_it() -> None:
    mine = compute_expected_effort(LEDGER, DESIGNS, Counts(authorization_servers=0))["jwt"]
    servers = [item for item in LEDGER.items if item.scales_with == "once_as" and item.kind == "one_off"]
    own = compute_work(LEDGER, DESIGNS["jwt"], ONE).one_off
    saved = sum(item.mean for item in servers if item.id in own)
    assert compute_expected_effort(LEDGER, DESIGNS, ONE)["jwt"].one_off_days - mine.one_off_days == pytest.approx(saved)
    assert saved > 5


class TestGoingOver:
    def test_from_a_design_to_itself_nothing_is_done(self) -> None:
        for present in DESIGNS.values():
            assert compute_work(LEDGER, present, ONE, present=present).one_off == {}

    def test_only_what_is_not_there_is_built_and_the_change_itself_comes_on_top(self) -> None:
        work = compute_work(LEDGER, DESIGNS["jwt_denylist"], ONE, present=DESIGNS["jwt"])
        assert work.one_off == {"D01": 1, "D02": 1, "D03": 1, "D04": 1, "Z02": 1}  # rolled out service by service
        changed = compute_work(LEDGER, DESIGNS["jwt"], Counts(stacks=2, services=9), present=DESIGNS["opaque"])
        assert (changed.one_off["Z01"], changed.one_off["Z02"], changed.one_off["Z03"]) == (2, 9, 1)
        assert "Z04" not in changed.one_off
        assert not any(LEDGER.find_item(name).common for name in changed.one_off)

    def test_clients_change_where_what_they_do_changes(self) -> None:
        bound = design(JWT, wrappers=("dpop",))
        assert compute_work(LEDGER, bound, Counts(clients=4), present=design(JWT)).one_off["Z04"] == 4

    def test_what_is_done_every_year_is_that_of_the_new_design(self) -> None:
        for name, drawn in draw_effort(LEDGER, DESIGNS, ONE, 20, 1, present=DESIGNS["phantom"]).items():
            alone = draw_effort(LEDGER, DESIGNS, ONE, 20, 1)[name]
            assert np.array_equal(drawn.yearly_days, alone.yearly_days)

    def test_one_more_place_for_what_is_there_costs_the_difference(self) -> None:
        counts = Counts(stacks=3)
        work = compute_work(LEDGER, design(JWT | {"gateway": "jwt_local"}), counts, present=design(JWT))
        assert work.one_off["J10"] == 1

    def test_a_gateway_that_only_relays_changes_nothing(self) -> None:
        assert compute_work(LEDGER, design(JWT | {"gateway": "relay"}), ONE, present=design(JWT)).one_off == {}


def test_swings_are_of_the_items_that_differ_and_widest_first() -> None:
    swings = compute_effort_swings(LEDGER, DESIGNS["jwt"], DESIGNS["opaque"], ONE)
    assert [swing.width for swing in swings] == sorted((swing.width for swing in swings), reverse=True)
    ours, theirs = (set(compute_work(LEDGER, DESIGNS[name], ONE).items) for name in ("jwt", "opaque"))
    assert {swing.item for swing in swings} == ours ^ theirs
    widest = swings[0]
    item = LEDGER.find_item(widest.item)
    uniforms = {item.id: np.array([0.05, 0.95])}
    found = compute_effort(LEDGER, DESIGNS, ONE, uniforms, None)
    difference = found["jwt"].one_off_days - found["opaque"].one_off_days
    assert [widest.low_days, widest.high_days] == pytest.approx(difference.tolist())


def test_counts_are_what_was_said_else_what_the_world_has() -> None:
    assert resolve_counts(None) == Counts(1, 1, 1)
    assert resolve_counts(scenario(), services=4) == Counts(1, 4, 1)
    assert resolve_counts(scenario(), stacks=2, clients=0) == Counts(2, 1, 0)


def test_the_organisation_of_a_scenario_counts_unless_something_else_is_said() -> None:
    given = replace(scenario(), organisation=Organisation(stacks=2, services=9))
    assert resolve_counts(given) == Counts(2, 9, 1)
    assert resolve_counts(given, services=3) == Counts(2, 3, 1)
