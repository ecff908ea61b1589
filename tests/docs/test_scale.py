"""Stored long run of 10^8 requests: its figures are those of shorter runs, and those of today."""

import json
from pathlib import Path
from typing import Any

import pytest

from simlib import SummarySink, load_scenario, simulate

ROOT = Path(__file__).resolve().parents[2]
RECORD: dict[str, Any] = json.loads((ROOT / "data" / "scale" / "run.json").read_text(encoding="utf-8"))
SHORT, MIDDLE, LONG = RECORD["runs"]


def test_a_hundred_million_requests_were_simulated() -> None:
    assert [round(run["requests"], -len(str(run["requests"])) + 2) for run in RECORD["runs"]] == [10**4, 10**6, 10**8]
    assert all(run["figures"]["failed"] == 0 for run in RECORD["runs"])


def test_figures_of_all_lengths_agree() -> None:
    """The middle run is off by no more than a run of its length may be."""
    for name, share in (("mean_s", 0.02), ("p50_s", 0.02), ("arrivals_per_s", 0.005), ("tokens_in_use", 0.05)):
        assert MIDDLE["figures"][name] == pytest.approx(LONG["figures"][name], rel=share), name


def test_the_short_run_has_the_same_figures_today() -> None:
    """Otherwise the records of the scenario are others by now: run `make scale` and commit data/scale."""
    scenario = load_scenario(RECORD["scenario_name"])
    made = scenario.with_run(scenario.run.model_copy(update={"length_s": SHORT["simulated_s"]}))
    sink = SummarySink.build(made)
    figures = sink.compute_figures(simulate(made, RECORD["design"], sink=sink))
    exact = {name: value for name, value in SHORT["figures"].items() if not name.startswith("p")}
    assert {name: figures[name] for name in exact} == pytest.approx(exact, rel=1e-9)
