"""A decision in a terminal: limits first, short, and no wider than a hundred columns."""

from dataclasses import replace
from pathlib import Path

import pytest

from simlib.commands.decide_terminal import print_decision
from support.comparisons import CACHED, JWT, OPAQUE
from support.decisions import KINDS, decision, worthwhile

LINES, COLUMNS = 60, 100


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
    assert told.index("jwt_local is out: by its settings") < told.index("Ranking")


def test_those_that_pay_at_no_load_share_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    made = decision()
    worse = {name: worthwhile(name, CACHED, -9000.0, crossings=(), always="worse") for name in (OPAQUE, JWT)}
    print_decision(replace(made, against={**made.against, CACHED: worse}), None)
    told = " ".join(capsys.readouterr().out.split())
    assert (
        f"{OPAQUE} and {JWT} against {CACHED} pay at no load from 1 to 1,000 requests per second; they would break "
        "even if each million requests were worth 5.29 and 5.29 USD more."
    ) in told
