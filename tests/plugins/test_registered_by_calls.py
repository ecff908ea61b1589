"""Registered by calls: the example plug-in in scenarios, simulations, comparisons, reports and attacks."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from simlib import compare, judge_comparison, load_scenario, simulate, summarise, write_report
from simlib.plugins import isolate_registrations
from simlib.security import plan_attacks, run_attacks
from simlib.strategies import CATALOGUE
from support.command_line import environment, write_tiny

REFUSING = (
    'service = { part = "jwt_local" }',
    'service = { part = "jwt_local" }\nwrappers = [{ part = "refusal_cache", ttl_s = 5 }]',
)
LAST_COME = ("user_information_share = 0.2", 'user_information_share = 0.2\ndiscipline = "last_come_first_served"')
BUSY = ("mean_s = 0.004", "mean_s = 0.03")


@pytest.fixture
def scenario_file(tmp_path: Path) -> Path:
    return write_tiny(tmp_path, REFUSING, LAST_COME, BUSY)


@pytest.mark.usefixtures("registered")
def test_a_scenario_names_the_part_and_the_discipline(scenario_file: Path) -> None:
    scenario = load_scenario(scenario_file)
    assert scenario.designs["jwt"].wrappers[0].settings.ttl_s == 5.0
    records = simulate(scenario, "jwt")
    assert records.forms["service"] == "last_come"
    assert 0 < summarise(records, 2.0)["slow_share"] < 1


@pytest.mark.usefixtures("registered")
def test_workers_get_what_is_registered_and_compute_the_same(scenario_file: Path) -> None:
    scenario = load_scenario(scenario_file)
    alone, together = compare(scenario), compare(scenario, workers=2)
    assert alone.table.equals(together.table)
    assert together.forms["jwt"]["service"] == "last_come"
    interval = judge_comparison(together).intervals["jwt"]["slow_share"]
    assert interval.low <= interval.mean <= interval.high


def test_workers_forget_what_is_no_longer_registered(tmp_path: Path) -> None:
    from example_plugin import register_all

    scenario = load_scenario(write_tiny(tmp_path))
    with isolate_registrations():
        register_all()
        assert "slow_share" in compare(scenario, workers=2).table
    assert "slow_share" not in compare(scenario, workers=2).table


@pytest.mark.usefixtures("registered")
def test_the_report_has_the_figure_and_the_metric_with_its_intervals(scenario_file: Path, tmp_path: Path) -> None:
    verdicts = judge_comparison(compare(load_scenario(scenario_file)))
    folder = write_report(tmp_path / "report", verdicts)
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "Share of the requests that miss the objective of 100 ms." in page
    assert "Share of the requests slower than 100 ms: opaque" in page
    assert (folder / "slow_requests.png").read_bytes().startswith(b"\x89PNG")
    rows = [line for line in (folder / "summary.csv").read_text(encoding="utf-8").splitlines() if "slow_share" in line]
    assert len(rows) == 3


@pytest.mark.usefixtures("registered")
def test_a_queue_that_serves_the_last_first_has_the_same_mean_and_a_longer_tail(tmp_path: Path) -> None:
    """The mean wait is that of FIFO; only its distribution differs (Kingman 1962)."""
    changes = (BUSY, ("length_s = 8", "length_s = 200"))
    last, first = (
        summarise(simulate(load_scenario(write_tiny(tmp_path, *chosen, name=name)), "jwt"), 2.0)
        for name, chosen in (("last.toml", (LAST_COME, *changes)), ("first.toml", changes))
    )
    assert last["mean_s"] == pytest.approx(first["mean_s"], rel=0.05)
    assert last["p99_s"] > 1.2 * first["p99_s"]


@pytest.mark.usefixtures("registered")
def test_the_attack_is_in_the_matrix_and_goes_through_where_no_signature_is_verified(scenario_file: Path) -> None:
    cells = run_attacks(plan_attacks(load_scenario(scenario_file), only=["foreign_subject"]))
    outcomes = {cell.target.design.name: cell.attack_run.outcome for cell in cells if cell.target.server == ""}
    assert outcomes["jwt"] == "refused"
    assert outcomes["opaque"] == "inapplicable"
    assert outcomes["decoded_only"] == "accepted"


def test_registrations_end_with_their_isolation() -> None:
    from example_plugin import RefusalCache, register_all

    with isolate_registrations():
        register_all()
        assert CATALOGUE["wrappers"]["refusal_cache"] is RefusalCache
    assert "refusal_cache" not in CATALOGUE["wrappers"]


def test_a_part_of_a_script_that_is_run_reaches_the_workers(scenario_file: Path, tmp_path: Path) -> None:
    """What a script defines itself belongs to no module that workers could import."""
    script = tmp_path / "study.py"
    script.write_text(SCRIPT, encoding="utf-8")
    arguments: list[Any] = [sys.executable, str(script), str(write_tiny(tmp_path, name="own.toml"))]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False, env=environment())
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"opaque": 2, "cached": 2, "jwt": 2}


SCRIPT = """
import json, sys
from simlib import compare, load_scenario
from simlib.plugins import Metric, register_metric

if __name__ == "__main__":
    register_metric(Metric("answered", "answered requests", "", None, 0), lambda records, warm_up_s: 2.0)
    comparison = compare(load_scenario(sys.argv[1]), workers=2)
    values = {design: comparison.list_values(design, "answered") for design in comparison.designs}
    print(json.dumps({design: int(max(numbers)) for design, numbers in values.items()}))
"""
