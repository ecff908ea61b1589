"""The table of cost causes: a further row is counted, priced, split out and put into words without any other change."""

import csv
import io

import pytest

from simlib.analysis.columns import Floats
from simlib.decision.choice.cost_causes import (
    CAUSES,
    REQUESTS,
    CostBasis,
    CostCause,
    CostDriver,
    UnitPrice,
    build_cause,
    list_figures,
    list_prices,
)
from simlib.decision.choice.inputs import list_money_inputs
from simlib.decision.economics.formulas import SECONDS_PER_YEAR, annuity
from simlib.report.record.narrative import list_decision_drivers
from simlib.report.record.pros_and_cons import list_arguments
from simlib.report.record.tables import build_decision_tables
from simlib.scenario.economics import Prices, Worth
from support.choices import KNOWN_PRICES, decided
from support.comparisons import CACHED, JWT, OPAQUE
from support.scenarios import scenario

ISSUED = "tokens_issued_per_s"
FIGURES = {OPAQUE: {ISSUED: 0.0}, CACHED: {ISSUED: 2.0}, JWT: {ISSUED: 8.0}}
"""Tokens that each design issues per second."""


def count_tokens(basis: CostBasis) -> tuple[Floats, ...]:
    """Tokens of a year, the load of the scenario all year long."""
    return (basis.figures[ISSUED] * SECONDS_PER_YEAR,)


def further_cause(**changes: bool) -> CostCause:
    """Each issued token costs the price of a gigabyte."""
    return build_cause(
        "tokens",
        UnitPrice("gigabyte", "price of traffic"),
        count_tokens,
        lambda tokens, price: tokens * price,
        "issued tokens cost",
        driver=CostDriver("total", ISSUED),
        **changes,
    )


def test_a_further_row_is_in_the_total_cost_and_in_the_net_present_values() -> None:
    before, after = decided(extra=FIGURES), decided(extra=FIGURES, causes=(*CAUSES, further_cause()))
    years = after.scenario.terms.horizon_years
    worth = float(annuity(years, after.scenario.terms.discount_rate))
    for old, new in ((old, new) for old in before.ranking for new in after.ranking if old.design == new.design):
        tokens = worth * FIGURES[new.design][ISSUED] * SECONDS_PER_YEAR * KNOWN_PRICES["gigabyte"]
        assert new.total_cost.mean - old.total_cost.mean == pytest.approx(tokens, abs=1e-6)
        assert new.cost_parts["tokens"].mean == pytest.approx(tokens, abs=1e-6)
        assert "tokens" not in old.cost_parts
    pair = after.against[OPAQUE][JWT]
    assert sum(part.mean for part in pair.parts.values()) == pytest.approx(pair.npv.mean)
    assert pair.parts["tokens"].mean < 0


def test_a_further_row_is_in_the_rows_and_sentences_of_the_record() -> None:
    made = decided(extra=FIGURES, causes=(*CAUSES, further_cause()))
    tables = build_decision_tables(made)
    for name, designs in (("cost.csv", {OPAQUE, CACHED, JWT}), ("npv_parts.csv", {OPAQUE, CACHED, JWT})):
        rows = [row for row in csv.DictReader(io.StringIO(tables[name])) if row["cause"] == "tokens"]
        assert {row["design"] for row in rows} == designs
    assert any(own.because.startswith("issued tokens cost") for own in list_arguments(made, JWT))
    (total,) = (driver for driver in list_decision_drivers(made) if driver.startswith("Total cost"))
    assert "effort, servers, traffic, storage, tokens" in total


def test_what_is_only_valued_moves_no_margin_of_indifference() -> None:
    issued = {name: {ISSUED: 2.0} for name in FIGURES}
    spent, valued = (decided(extra=issued, causes=(*CAUSES, further_cause(is_spent=own))) for own in (True, False))
    plain = decided(extra=issued)
    assert valued.margin == plain.margin
    assert spent.margin > plain.margin


def test_without_a_row_nothing_is_paid_for_it() -> None:
    made = decided(extra=FIGURES, causes=tuple(cause for cause in CAUSES if cause.name != "traffic"))
    assert all("traffic" not in own.cost_parts for own in made.ranking)


def test_every_row_has_words_and_prices_that_a_scenario_can_state() -> None:
    inputs = list_money_inputs(scenario())
    for price in list_prices(CAUSES):
        assert (price.key in Prices.model_fields) != (price.key in Worth.model_fields)
        assert bool(price.unit) == (price.key in Worth.model_fields)
        assert price.key in inputs
    assert {price.key for price in list_prices(CAUSES)} == {*Prices.model_fields, *Worth.model_fields} - {"currency"}
    assert len({cause.name for cause in CAUSES}) == len(CAUSES)
    assert all(cause.words and cause.prices for cause in CAUSES)
    assert REQUESTS in inputs
    assert len(set(list_figures(CAUSES))) == len(list_figures(CAUSES))
