"""Values in a few lines: `repr` and HTML of scenarios, records, comparisons, verdicts and decisions."""

import re
from dataclasses import replace
from typing import Any

import pytest

import simlib
from simlib.decision.choice.results import Decision
from simlib.scenario.display import Displayed, Lines
from support.choices import decided

TEXT_MOST, HTML_MOST = 400, 4_000
SCENARIOS = sorted(simlib.bundled_scenarios())
HOSTILE = '<script>alert("1")</script> & <b>'


def assert_short(value: Any) -> None:
    text, html = repr(value), value._repr_html_()
    assert len(text) < TEXT_MOST
    assert text.startswith(f"<{type(value).__name__}: ")
    assert "\n\n" not in text
    assert len(html) < HTML_MOST
    assert type(value).__name__ in html


def tags(html: str) -> set[str]:
    return set(re.findall(r"</?(\w+)", html))


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_bundled_scenario_is_displayed_in_a_few_lines(name: str) -> None:
    scenario = simlib.load_scenario(name)
    assert_short(scenario)
    assert name in repr(scenario)
    assert all(design in scenario._repr_html_() for design in scenario.designs)


@pytest.fixture(scope="module")
def comparison() -> simlib.Comparison:
    scenario = simlib.load_scenario("internal-tool")
    return simlib.compare(
        simlib.change_scenario(scenario, {"run.length_s": 200.0, "run.warm_up_s": 20.0, "run.replications": 2})
    )


def test_records_comparisons_and_verdicts_are_displayed_in_a_few_lines(comparison: simlib.Comparison) -> None:
    records = simlib.simulate(comparison.scenario, "jwt")
    verdicts = simlib.judge_comparison(comparison)
    for value in (records, comparison, verdicts):
        assert_short(value)
    assert "requests" in repr(records)
    assert "2" in repr(comparison)
    assert verdicts.headlines[0][:40] in repr(verdicts)


@pytest.mark.parametrize("name", SCENARIOS)
def test_verdicts_and_comparisons_of_every_bundled_scenario(name: str, comparison: simlib.Comparison) -> None:
    other = replace(comparison, scenario=simlib.load_scenario(name))
    assert_short(other)
    assert_short(replace(simlib.judge_comparison(comparison), comparison=other))


def test_a_decision_is_displayed_in_a_few_lines() -> None:
    decision: Decision = decided()
    assert_short(decision)
    assert decision.word in repr(decision)
    assert_short(replace(decision, scenario=simlib.load_scenario("gateway-defaults")))


def test_titles_are_escaped() -> None:
    scenario = replace(simlib.load_scenario("web-shop"), title=HOSTILE, name=HOSTILE)
    decision = replace(decided(), scenario=scenario, reason=HOSTILE)
    for value in (scenario, decision):
        assert "&lt;script&gt;" in value._repr_html_()
        assert tags(value._repr_html_()) == {"div", "b", "table", "tr", "th", "td"}


def test_what_is_long_is_shortened_and_stays_on_its_line() -> None:
    class Long(Displayed):
        def _describe(self) -> tuple[str, Lines]:
            return "a title\nof two lines " * 50, [("label " * 50, "text\n" * 500)] * 50

    assert_short(Long())
    assert len(repr(Long()).splitlines()) == 4
