"""The stored benchmark is about the engine as it is now, and its goals were met."""

import csv
import operator
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "data" / "benchmarks.csv"
COMPARED = {">=": operator.ge, "<=": operator.le}


def rows() -> list[dict[str, str]]:
    with RESULTS.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_stored_benchmark_was_run_on_this_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [str(ROOT / "tests" / "benchmarks"), *sys.path])
    from freshness import digest

    stored = {row["engine"] for row in rows()}
    assert stored == {digest()}, "run `make bench` and commit data/benchmarks.csv"


@pytest.mark.parametrize("row", rows(), ids=lambda row: f"{row['case']}, {row['ratio']}")
def test_every_goal_was_met(row: dict[str, str]) -> None:
    if row["goal"]:
        comparison, bound = row["goal"].split()
        assert COMPARED[comparison](float(row["median"]), float(bound))
    else:
        assert float(row["median"]) > 0


def test_where_means_were_compared_they_are_equal() -> None:
    told = [row["means"] for row in rows() if row["means"]]
    assert len(told) >= 2
    assert all(": equal (" in means for means in told)
