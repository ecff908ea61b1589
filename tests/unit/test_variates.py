"""Random numbers by owner: uniform, independent, and the same wherever and in whatever order they are asked for."""

import os
import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from simlib.scenario.variates import Variates

VARIATES = Variates(20261123, 3)
LEVEL = 0.001  # of every test below; the seeds are fixed, so each either always holds or never
PURPOSES = ["arrival.gap", "arrival.user", "service.work", "service.worl", "", "ä"]

purposes = st.text(max_size=20)
integers = st.integers(-(2**63), 2**63 - 1)


def ones(variates: Variates, purpose: str, count: int) -> np.ndarray:
    """The uniforms of so many subjects, first further attempt."""
    return np.array([variates.draw_one(purpose, subject, 1) for subject in range(count)])


@given(purposes, st.integers(0, 200), st.integers(0, 200))
def test_a_longer_column_begins_with_the_shorter_one(purpose: str, first: int, second: int) -> None:
    short, long = sorted((first, second))
    column = VARIATES.draw_column(purpose, long)
    assert (VARIATES.draw_column(purpose, short) == column[:short]).all()
    assert ((column >= 0) & (column < 1)).all()


@given(purposes, integers, integers)
def test_one_uniform_is_a_function_of_its_owner(purpose: str, subject: int, ordinal: int) -> None:
    value = VARIATES.draw_one(purpose, subject, ordinal)
    assert 0 <= value < 1
    assert value == Variates(20261123, 3).draw_one(purpose, subject, ordinal)


@pytest.mark.parametrize("purpose", PURPOSES)
@pytest.mark.parametrize("draw", [Variates.draw_column, ones], ids=["column", "one"])
def test_uniforms_are_uniform(purpose: str, draw: Callable[..., np.ndarray]) -> None:
    assert stats.kstest(draw(VARIATES, purpose, 4000), "uniform").pvalue > LEVEL


@pytest.mark.parametrize("draw", [Variates.draw_column, ones], ids=["column", "one"])
def test_subjects_are_independent_of_each_other(draw: Callable[..., np.ndarray]) -> None:
    values = draw(VARIATES, "service.work", 4000)
    for lag in (1, 2, 7):
        assert stats.spearmanr(values[:-lag], values[lag:]).pvalue > LEVEL


def test_owners_that_differ_in_anything_are_independent() -> None:
    count = 4000
    others = {
        "another purpose": VARIATES.draw_column("service.worl", count),
        "another replication": Variates(20261123, 4).draw_column("service.work", count),
        "another seed": Variates(20261124, 3).draw_column("service.work", count),
        "seed and replication swapped": Variates(3, 20261123).draw_column("service.work", count),
        "a digit moved over": Variates(2026112, 33).draw_column("service.work", count),
        "further attempts": ones(VARIATES, "service.work", count),
        "the attempts after them": np.array([VARIATES.draw_one("service.work", n, 2) for n in range(count)]),
        "subject and ordinal swapped": np.array([VARIATES.draw_one("service.work", 1, n) for n in range(count)]),
    }
    first = VARIATES.draw_column("service.work", count)
    for name, other in others.items():
        assert not set(first.tolist()) & set(other.tolist()), name
        assert stats.spearmanr(first, other).pvalue > LEVEL, name
        # Together they fill the unit square evenly.
        cells, _, _ = np.histogram2d(first, other, bins=8, range=[[0, 1], [0, 1]])
        assert stats.chisquare(cells.ravel()).pvalue > LEVEL, name


def test_further_attempts_are_no_value_of_the_column() -> None:
    column = set(VARIATES.draw_column("service.work", 2000).tolist())
    again = [VARIATES.draw_one("service.work", subject, ordinal) for subject in range(500) for ordinal in range(4)]
    assert not column & set(again)
    assert len(set(again)) == len(again)


def test_asking_for_one_purpose_changes_no_other() -> None:
    before = VARIATES.draw_column("a", 5).tolist(), VARIATES.draw_one("b", 1, 1)
    VARIATES.draw_column("c", 1000)
    VARIATES.draw_one("a", 3, 3)
    assert (VARIATES.draw_column("a", 5).tolist(), VARIATES.draw_one("b", 1, 1)) == before


@given(purposes, st.integers(0, 2**63), st.integers(1, 64))
def test_bytes_are_a_function_of_their_owner_and_as_many_as_asked_for(purpose: str, ordinal: int, length: int) -> None:
    drawn = VARIATES.random_bytes(purpose, ordinal, length)
    assert len(drawn) == length
    assert drawn == VARIATES.random_bytes(purpose, ordinal, length)
    if length >= 16:
        assert drawn != VARIATES.random_bytes(purpose, ordinal + 1, length)
        assert drawn != VARIATES.random_bytes(purpose + "x", ordinal, length)
        assert drawn != Variates(20261123, 4).random_bytes(purpose, ordinal, length)


PROGRAM = """
from simlib.scenario.variates import Variates
v = Variates(5, 2)
print(v.draw_column("p", 3).tolist(), v.draw_one("p", 7, 1), v.random_bytes("p", 0, 8).hex())
"""
# Recorded runs are repeated from their seeds, so these numbers may never change.
PRINTED = "[0.569486147445374, 0.4806047280153729, 0.5647680675513866] 0.7267046954684889 ea2072693acf12b9\n"


@pytest.mark.parametrize("hash_seed", ["0", "4242"])
def test_every_process_draws_the_same_numbers_for_ever(hash_seed: str) -> None:
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    run = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True)
    assert run.stdout == PRINTED
