"""Robustness of verdicts: own estimates that turn one, products, costs that are the same, pairs within the limits."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simlib.decision import judge_comparison
from simlib.decision.choice.decide import choose_design
from simlib.decision.choice.results import Decision
from simlib.decision.effort import EffortLedger, load_ledger
from simlib.report.record.net_present_value import describe_pairs, list_decisive_pairs
from simlib.report.record.robustness import (
    describe_alternatives,
    describe_assumed_values,
    describe_common_costs,
    describe_main_switches,
)
from support.choices import KNOWN_PRICES, decided, gain_of, structure, work
from support.comparisons import CACHED, JWT, OPAQUE, Figures, comparison
from support.scenarios import document

NO_AS = {"no_as_dependency": True}
LASTING = {"designs__jwt_local__service__jwks_stale_if_error_s": 700.0}
"""A key set that lasts through an outage of the usual length."""
SAME: Figures = {
    OPAQUE: {"rs_cpu_s": [0.004] * 4, "as_cpu_s": [0.001] * 4, "mean_s": [0.03] * 4, "exposure_s": [0.0] * 4},
    CACHED: {"rs_cpu_s": [0.004] * 4, "as_cpu_s": [0.0005] * 4, "mean_s": [0.03] * 4, "exposure_s": [9.0] * 4},
    JWT: {"rs_cpu_s": [0.004] * 4, "as_cpu_s": [0.0001] * 4, "mean_s": [0.03] * 4, "exposure_s": [120.0] * 4},
}


def decide_with(ledger: EffortLedger, **changes: Any) -> Decision:
    """The decision over the tiny scenario with the bundled work items, or with a team's own."""
    prices = {f"prices__{key}": value for key, value in KNOWN_PRICES.items()}
    compared = comparison(SAME, 4, **prices, **changes)
    verdicts = judge_comparison(compared)
    return choose_design(compared.scenario, gain_of(compared), verdicts, ledger, draws=600, sensitivity=False)


TEN = {
    **dict.fromkeys(("O02", "O06", "O20", "O21"), (10, 14, 20)),
    **dict.fromkeys(("J01", "J03", "J05", "J20", "J21", "J24"), (0.1, 0.2, 0.5)),
}
"""Ten own estimates: a store and an introspection service are dear, keys are there already."""


def write_estimates(folder: Path, estimates: dict[str, tuple[float, float, float]]) -> Path:
    path = folder / "mine.csv"
    rows = [f"{name};{';'.join(f'{number:g}'.replace('.', ',') for number in own)}" for name, own in estimates.items()]
    path.write_text("\ufeff" + "\n".join(["id;pd_low;pd_likely;pd_high", *rows]) + "\n", encoding="utf-8")
    return path


class TestOwnEstimates:
    def test_ten_that_turn_a_verdict_into_its_opposite_are_seen_to_do_so(self, tmp_path: Path) -> None:
        bundled = decide_with(load_ledger())
        mine = decide_with(load_ledger(overrides=write_estimates(tmp_path, TEN)))
        assert bundled.ranking[0].design == OPAQUE
        assert mine.ranking[0].design == JWT
        assert mine.ranking[0].p_best > 0.97
        assert "of the draws, given these estimates" in mine.reason
        own = next(one for one in mine.alternatives if one.assumption == "bundled estimates")
        assert (own.best, own.turns, set(own.items)) == (OPAQUE, True, set(TEN))
        assert own.share == pytest.approx(bundled.ranking[0].p_best, abs=1e-12)
        sentence = describe_alternatives(mine)[0]
        assert sentence.startswith("10 work items with own estimates (O02, O06, O20, O21, J01, J03,")
        assert f"With the estimates of simlib {OPAQUE} would cost least in" in sentence
        assert sentence.endswith("that turns the verdict.")

    def test_an_estimate_that_turns_nothing_is_said_to_turn_nothing(self, tmp_path: Path) -> None:
        mine = decide_with(load_ledger(overrides=write_estimates(tmp_path, {"J05": (1, 2.5, 4)})))
        assert describe_alternatives(mine)[0].endswith("of the draws, undecided: the same verdict.")
        assert not [one for one in decide_with(load_ledger()).alternatives if one.assumption == "bundled estimates"]

    def test_a_verdict_that_was_undecided_with_the_bundled_estimates_is_another_one(self, tmp_path: Path) -> None:
        """The same design costs least, but the bundled estimates leave it open: own ones decide."""
        cheap = dict.fromkeys(("O02", "O03", "O06", "O20", "O21", "O07"), (0.0, 0.1, 0.2))
        mine = decide_with(load_ledger(overrides=write_estimates(tmp_path, cheap)))
        (own, _) = mine.alternatives
        assert decide_with(load_ledger()).word == "undecided"
        assert mine.ranking[0].p_best > 0.95
        assert (own.best, own.turns, own.decided, own.changes) == (OPAQUE, False, False, True)
        assert describe_alternatives(mine)[0].endswith("of the draws, undecided: another verdict.")

    def test_rows_that_repeat_the_bundled_numbers_are_own_estimates_too(self, tmp_path: Path) -> None:
        item = load_ledger().find_item("J05")
        ledger = load_ledger(overrides=write_estimates(tmp_path, {"J05": (item.low, item.likely, item.high)}))
        assert ledger.list_own_items() == ("J05",)


class TestServerKind:
    def test_the_other_kind_is_the_decision_taken_with_it(self) -> None:
        ledger = load_ledger()
        built = decide_with(ledger)
        bought = decide_with(ledger, world__authorization_server__kind="product")
        (as_product,), (as_built,) = built.alternatives, bought.alternatives
        assert (as_product.assumption, as_built.assumption) == ("product", "built")
        for alternative, decision in ((as_product, bought), (as_built, built)):
            assert alternative.best == decision.ranking[0].design
            assert alternative.share == pytest.approx(decision.ranking[0].p_best, abs=1e-12)
        assert {"C07", "O01", "O02", "O03", "O04", "O05", "O06", "J01", "J04"} <= set(as_product.items)
        totals = [{own.design: own.total_cost.mean for own in decision.ranking} for decision in (built, bought)]
        assert all(totals[1][name] < totals[0][name] for name in totals[0])

    def test_the_default_is_named_beside_the_result(self) -> None:
        (sentence,) = describe_alternatives(decide_with(load_ledger()))
        assert "counts as built (kind in [world.authorization_server], the default)" in sentence
        (sentence,) = describe_alternatives(decide_with(load_ledger(), world__authorization_server__kind="product"))
        assert "is a product (kind in [world.authorization_server])" in sentence


class TestOneMean:
    @pytest.mark.parametrize("present", [None, OPAQUE])
    def test_effort_and_decision_give_one_mean_for_one_thing(self, present: str | None) -> None:
        from simlib.decision.effort import compute_expected_effort, resolve_counts

        told = decide_with(load_ledger(), decision={} if present is None else {"present": present})
        today = None if present is None else told.scenario.designs[present]
        means = compute_expected_effort(
            load_ledger(), told.scenario.designs, resolve_counts(told.scenario), present=today
        )
        for ranked in told.ranking:
            assert ranked.effort_days.mean == pytest.approx(means[ranked.design].one_off_days, rel=1e-12, abs=1e-9)
            assert ranked.yearly_days.mean == pytest.approx(means[ranked.design].yearly_days, rel=1e-12)
            assert ranked.effort_days.low <= ranked.effort_days.mean <= ranked.effort_days.high


class TestCommonCosts:
    def test_they_are_what_stays_when_the_differences_are_taken_away(self) -> None:
        told = decide_with(load_ledger())
        common = told.common
        assert common is not None
        items = {name: set(own.items) for name, own in told.effort.items()}
        assert set(common.work_items) <= set.intersection(*items.values())
        assert {f"C0{number}" for number in range(1, 10)} <= set(common.work_items)
        assert sum(part.mean for part in common.parts.values()) == pytest.approx(common.total.mean)
        for ranked in told.ranking:
            assert common.total.mean < ranked.total_cost.mean
            for cause, part in common.parts.items():
                assert part.mean <= ranked.cost_parts[cause].mean * (1 + 1e-9)

    def test_an_amount_counts_only_where_it_is_the_same_everywhere(self) -> None:
        """All designs have the CPU of the service, and each its own of the authorization server."""
        told = decide_with(load_ledger())
        assert told.common is not None
        annuity = sum(1.05**-year for year in (1, 2, 3))
        service = annuity * 20 * 8760 * 3600 * 0.004 / 0.5 / 3600 * KNOWN_PRICES["vcpu_hour"]
        assert told.common.parts["servers"].mean == pytest.approx(service)

    def test_they_change_no_difference(self) -> None:
        """What is the same for all can be made dearer, and no net present value moves."""
        shared = replace(work(OPAQUE, 5.0, 6.0, 9.0), parts=("service:*",), id="S")
        with_, without = (
            decided(SAME, (work(OPAQUE, 10.0), work(JWT, 12.0), *more), draws=200) for more in ((shared,), ())
        )
        assert with_.common is not None
        assert without.common is not None
        assert with_.common.work_items == ("S",)
        more = with_.common.total.mean - without.common.total.mean
        assert more > 0
        for name in (CACHED, JWT):
            assert with_.against[OPAQUE][name].npv.mean == pytest.approx(without.against[OPAQUE][name].npv.mean)
        totals = [{own.design: own.total_cost.mean for own in told.ranking} for told in (with_, without)]
        assert all(totals[0][name] - totals[1][name] == pytest.approx(more) for name in totals[0])

    def test_designs_that_break_a_limit_have_them_too(self) -> None:
        """A design that is out, and needs less than the others, leaves less in common: no bar of costs is negative."""
        told = decided(SAME, (work(CACHED, 10.0), work(JWT, 12.0)), draws=50, limits=NO_AS, **LASTING)
        assert [ranked.place for ranked in told.ranking] == [1, 0, 0]
        assert told.common is not None
        assert told.common.parts["servers"].mean > 0
        for ranked in told.ranking:
            for cause, part in told.common.parts.items():
                assert part.mean <= ranked.cost_parts[cause].mean * (1 + 1e-9)

    def test_they_are_said_in_a_sentence(self) -> None:
        (sentence,) = describe_common_costs(decide_with(load_ledger()))
        assert "are the same for every design and decide nothing (effort" in sentence


class TestBreakEven:
    """Of designs that break a limit it does not matter at which load they would pay."""

    ITEMS = (work(OPAQUE, 10.0), work(CACHED, 12.0), work(JWT, 30.0))

    @pytest.mark.parametrize(
        ("limits", "excluded", "reference"),
        [
            ({"opaque_to_clients": True}, {JWT}, CACHED),
            ({"revocation_lag_s": 15}, {JWT, CACHED}, None),
            (NO_AS, {OPAQUE, CACHED}, None),
            ({"revocation_lag_s": 1000}, set(), CACHED),
        ],
    )
    def test_pairs_are_of_designs_that_keep_the_limits(
        self, limits: dict[str, Any], excluded: set[str], reference: str | None
    ) -> None:
        told = decided(SAME, self.ITEMS, draws=50, limits=limits, **LASTING)
        assert {own.design for own in told.ranking if not own.place} == excluded
        pairs = list_decisive_pairs(told)
        assert {pair.against for pair in pairs} == ({reference} if reference else set())
        named = {name for pair in pairs for name in (pair.design, pair.against)}
        assert not named & excluded
        assert not any(name in sentence for sentence in describe_pairs(told) for name in excluded)

    def test_where_both_references_are_out_the_best_one_is_the_reference(self) -> None:
        whole = document(**LASTING)["designs"]
        second = {**whole[JWT], "title": "Another one", "token_lifetime_s": 20}
        told = decided(
            SAME,
            self.ITEMS,
            draws=50,
            designs={**whole, "second": second},
            limits=NO_AS,
        )
        kept = [own.design for own in told.ranking if own.place]
        assert set(kept) == {JWT, "second"}
        assert [(pair.design, pair.against) for pair in list_decisive_pairs(told)] == [(kept[1], kept[0])]


class TestValuesThatCountNothing:
    def test_what_is_worth_nothing_is_said_with_the_price_that_turns_the_verdict(self) -> None:
        structures = {"structures": {OPAQUE: structure(), CACHED: structure(served=0.3), JWT: structure(served=0.9)}}
        items = (work(OPAQUE, 10.0), work(CACHED, 60.0), work(JWT, 12.0))
        told = decided(SAME, items, draws=50, gain=structures)
        at = next(own.at for own in told.switches if own.input == "hour_down" and own.design == JWT)
        sentence = describe_assumed_values(told)[0]
        assert sentence.startswith(
            "Worth 0 USD, which is the default: a second less of one request (second; no value of it"
        )
        assert "an hour without service (hour_down; from" in sentence
        assert f"per hour down on, {JWT} would cost least" in sentence
        assert at > 0
        dear = decided(SAME, items, draws=50, gain=structures, worth__hour_down=2 * at)
        assert dear.ranking[0].design == JWT
        assert not any("(hour_down" in sentence for sentence in describe_assumed_values(dear))

    def test_a_price_that_was_not_stated_and_matters_is_named(self) -> None:
        """Two designs that differ by work once against work each year, and a price list that is not the user's."""
        items = (work(OPAQUE, 10.0), work(CACHED, 60.0), work(JWT, 10.1))
        figures = {**SAME, JWT: {**SAME[JWT], "as_cpu_s": [0.0] * 4}}
        told = decided(figures, items, draws=400, known=False)
        assert told.ranking[0].design in (OPAQUE, JWT)
        switch = next(own for own in told.switches if own.input == "developer_day")
        named = [sentence for sentence in describe_assumed_values(told) if "(developer_day)" in sentence]
        assert bool(named) == (switch.low <= switch.at <= switch.high)
        stated = decided(figures, items, draws=400)
        assert not [sentence for sentence in describe_assumed_values(stated) if "(developer_day)" in sentence]


def test_the_inputs_that_turn_a_verdict_are_named_with_their_switch_values() -> None:
    items = (work(OPAQUE, 10.0, 20.0, 30.0), work(CACHED, 50.0), work(JWT, 20.0, 25.0, 40.0))
    told = decided(SAME, items, draws=400)
    sentences = describe_main_switches(told)
    assert 2 <= len(sentences) <= 3
    nearest = told.switches[0]
    assert nearest.is_within
    assert sentences[0].startswith(nearest.input)
    assert sentences[0].endswith(f": {nearest.design}.")
    assert f"% {'less' if nearest.at < nearest.value else 'more'}; its range is" in sentences[0]
    assert np.isfinite([switch.at for switch in told.switches]).all()
