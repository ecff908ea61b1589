"""A decision in a terminal: limits first, short, and no wider than a hundred columns."""

import io
import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from simlib.commands.decide_terminal import print_decision
from simlib.commands.streams import accept_every_letter
from support.comparisons import CACHED, JWT, OPAQUE
from support.decisions import KINDS, decision, worthwhile

LINES, COLUMNS = 80, 100


@pytest.fixture(autouse=True)
def no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)


@pytest.mark.parametrize("kind", KINDS)
def test_it_fits_and_has_its_parts_in_order(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    made = KINDS[kind]()
    print_decision(made, Path("decision"))
    told = capsys.readouterr().out
    lines = told.splitlines()
    assert max(map(len, lines)) <= COLUMNS
    assert len(lines) <= LINES
    pieces = ("Limits\n", "Ranking\n", "Verdict\n", "Assumptions and omissions\n", "Record: decision/")
    places = [told.index(piece) for piece in pieces]
    assert places == sorted(places)
    assert made.reason.rstrip(".") in " ".join(told.split())


@pytest.mark.parametrize("kind", KINDS)
def test_every_design_is_ranked_and_none_is_cut(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    made = KINDS[kind]()
    print_decision(made, None)
    told = capsys.readouterr().out
    ranking = told[told.index("Ranking\n") : told.index("Verdict\n")]
    assert "…" not in told
    for own in made.ranking:
        assert own.design in "".join(ranking.split()) or own.design[:12] in ranking


def test_who_is_out_and_why_stands_above_the_ranking(capsys: pytest.CaptureFixture[str]) -> None:
    print_decision(KINDS["out-of-limits"](), None)
    told = " ".join(capsys.readouterr().out.split())
    assert told.index("jwt_local is excluded: by its settings") < told.index("Ranking")


def test_those_that_pay_at_no_load_share_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    made = decision()
    worse = {name: worthwhile(name, CACHED, -9000.0, crossings=(), always="worse") for name in (OPAQUE, JWT)}
    print_decision(replace(made, against={**made.against, CACHED: worse}), None)
    told = " ".join(capsys.readouterr().out.split())
    assert (
        f"{OPAQUE} and {JWT} against {CACHED} in the mean pay at no load from 1 to 1,000 requests per second; they "
        "would break even if each million requests were worth 5.29 and 5.29 USD more."
    ) in told


@pytest.mark.parametrize("kind", KINDS)
def test_a_share_of_draws_is_called_so_and_no_probability(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    made = KINDS[kind]()
    print_decision(made, None)
    told = " ".join(capsys.readouterr().out.split())
    assert "probab" not in told
    assert "chance" not in told
    assert "draws, given these estimates; best in: share of the draws" in told


def test_what_turns_the_verdict_is_below_it(capsys: pytest.CaptureFixture[str]) -> None:
    print_decision(decision(), None)
    told = " ".join(capsys.readouterr().out.split())
    assert told.index("Verdict") < told.index("With the estimates of simlib") < told.index("Switch values")
    assert f"With the estimates of simlib {JWT} would cost least in 97 % of the draws: that turns the verdict." in told
    assert (
        "Worth 0 USD, which is the default: a second less of one request (second; from 0.002 USD per second less of"
        in told
    )
    assert (
        "price of a developer's day (developer_day) at 500 in place of 800 USD per day of 8 hours (38 % less; its "
        f"range is 437 to 1,160; the default): {JWT}."
    ) in told
    assert "Of each total cost over 3 years, 21,000 USD are the same for every design and decide nothing" in told


def test_break_even_speaks_of_designs_that_keep_the_limits(capsys: pytest.CaptureFixture[str]) -> None:
    print_decision(KINDS["out-of-limits"](), None)
    told = " ".join(capsys.readouterr().out.split())
    break_even = told[told.index("Break-even") : told.index("Sensitivity")]
    assert JWT not in break_even
    assert f"{OPAQUE} against {CACHED}" in break_even


def test_a_mark_without_its_letter_is_a_word_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="ascii"))
    accept_every_letter(sys.stdout)
    print_decision(KINDS["out-of-limits"](), None)
    sys.stdout.flush()
    told = " ".join(written.getvalue().decode("ascii").split())
    limits = told[told.index("Limits ") : told.index("Ranking ")]
    assert re.search(rf": (yes|no) {OPAQUE} ", limits)
    assert not re.search(r"\b(yes|no)(opaque|jwt)", limits)
