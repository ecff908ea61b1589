"""Inputs of a decision in words: every one has some, no two the same, and the key can still be found."""

import pytest

from simlib.decision.choice.inputs import list_money_inputs
from simlib.decision.gain.metamodel_inputs import MEANINGS
from simlib.deployment.loading import load_scenario
from simlib.report.record.inputs import WORDS, describe_input, find_words


def test_every_input_of_a_bundled_decision_has_words() -> None:
    assert {*list_money_inputs(load_scenario("web-shop")), *MEANINGS} <= set(WORDS)


def test_no_two_inputs_are_called_the_same() -> None:
    assert len(set(WORDS.values())) == len(WORDS)
    assert not any("_" in words for words in WORDS.values())


@pytest.mark.parametrize("name", WORDS)
def test_the_key_stands_behind_the_words_unless_it_is_said_by_them(name: str) -> None:
    told = describe_input(name)
    assert told.startswith(WORDS[name])
    assert name in told.replace(" ", "_")


def test_what_has_a_name_in_words_keeps_it() -> None:
    assert find_words("O21 Run introspection as a service") == describe_input("O21 Run introspection as a service")


def test_more_is_told_in_the_same_brackets() -> None:
    assert describe_input("hour_down", "467 to 1,810 USD") == "an hour without service (hour_down: 467 to 1,810 USD)"
    assert describe_input("horizon", "1 to 3 years") == "horizon (1 to 3 years)"
