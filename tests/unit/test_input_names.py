"""Inputs of a decision in words: every one has some, no two the same, and the key can still be found."""

import pytest

from simlib.decision.choice.inputs import money_inputs
from simlib.decision.gain.metamodel_inputs import MEANINGS
from simlib.deployment.loading import load_scenario
from simlib.report.input_names import WORDS, told_input, words_of


def test_every_input_of_a_bundled_decision_has_words() -> None:
    assert {*money_inputs(load_scenario("web-shop")), *MEANINGS} <= set(WORDS)


def test_no_two_inputs_are_called_the_same() -> None:
    assert len(set(WORDS.values())) == len(WORDS)
    assert not any("_" in words for words in WORDS.values())


@pytest.mark.parametrize("name", WORDS)
def test_the_key_stands_behind_the_words_unless_it_is_said_by_them(name: str) -> None:
    told = told_input(name)
    assert told.startswith(WORDS[name])
    assert name in told.replace(" ", "_")


def test_what_has_a_name_in_words_keeps_it() -> None:
    assert words_of("O21 Run introspection as a service") == told_input("O21 Run introspection as a service")


def test_more_is_told_in_the_same_brackets() -> None:
    assert told_input("hour_down", "467 to 1,810 USD") == "an hour without service (hour_down: 467 to 1,810 USD)"
    assert told_input("horizon", "1 to 3 years") == "horizon (1 to 3 years)"
