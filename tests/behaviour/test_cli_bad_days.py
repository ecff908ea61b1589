"""`simlib bad-days`: one fault at a time on every design, as a matrix, in detail, as JSON and as a folder."""

import csv
import json
import math
import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simlib import load_scenario
from simlib.analysis.fault_impact import FaultWindow
from simlib.commands.bad_days_terminal import build_details_tables
from simlib.decision.bad_days import judge_bad_days, list_bad_days_notes
from simlib.experiment.bad_days import FAULTLESS, run_bad_days
from simlib.experiment.bad_days_plan import BUDGET, SHORTEST_S, DaysPlan, plan_bad_days
from simlib.report.bad_days_tables import COLUMNS, format_share, list_marks
from simlib.scenario.bad_days import load_days, load_standard_days
from simlib.scenario.base import bundled_scenarios
from simlib.scenario.errors import InputError
from simlib.scenario.fault_times import check_fault_times
from support.command_line import interrupted, simlib, write_tiny

FAULTS = """
[world.faults]
outage = { kind = "down", host = "authorization_server", at_s = 5, length_s = 3 }
herd = { kind = "refresh_herd", share = 1.0, at_s = 6 }
"""
LONG_ENOUGH = ("length_s = 8", "length_s = 12")
WITH_FAULTS = ("[designs.opaque]", FAULTS + "\n[designs.opaque]")


def days_file(folder: Path) -> Path:
    return write_tiny(folder, LONG_ENOUGH, WITH_FAULTS)


def test_the_scenarios_own_faults_are_tried_one_at_a_time(tmp_path: Path) -> None:
    days_file(tmp_path)
    done = simlib("bad-days", "tiny.toml", "--json", "--out", "days", cwd=tmp_path, figures=True)
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert [day["name"] for day in document["days"]] == ["outage", "herd"]
    assert document["run"] == {
        **{"seed": 3, "length_s": 12.0, "warm_up_s": 2.0, "replications": 2, "caches": "stationary", "level": 0.95}
    }
    cells = {(cell["day"], cell["design"]): cell for cell in document["cells"]}
    assert set(cells) == {(day, design) for day in ("outage", "herd") for design in ("opaque", "cached", "jwt")}
    assert all(list(cell) == list(COLUMNS) for cell in cells.values())
    down, herd = cells["outage", "opaque"], cells["herd", "opaque"]
    assert down["availability"] < 0.01
    assert down["difference"] < -0.9
    assert down["refused_wrongly"] > 10
    assert herd["availability"] == 1.0
    assert herd["difference"] == 0.0
    assert herd["as_peak_requests_per_s"] > herd["as_peak_requests_per_s_without_fault"]
    assert sorted(path.name for path in (tmp_path / "days").iterdir()) == [
        *("availability.png", "availability.svg", "bad_days.json", "cells.csv"),
        *("goodput_herd.png", "goodput_outage.png", "replications.csv"),
    ]
    with (tmp_path / "days" / "cells.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["availability"] for row in rows] == [str(cell["availability"]) for cell in document["cells"]]
    told = json.loads((tmp_path / "days" / "bad_days.json").read_text(encoding="utf-8"))
    assert told["cells"] == document["cells"]
    assert "outage: opaque 0.0" in told["figures"]["availability"]
    assert (tmp_path / "days" / "availability.png").read_bytes().startswith(b"\x89PNG")


def test_a_day_is_told_in_detail_with_its_source(tmp_path: Path) -> None:
    write_tiny(tmp_path)
    arguments = ("--fault", "as_down", "--length", "12", "--replications", "1")
    done = simlib("bad-days", "tiny.toml", *arguments, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    text = " ".join(done.stdout.split())
    assert "1 bad day and one without a fault" in text
    assert "beginning with caches and key sets of any age; windows of 4 s" in text
    assert "source: https://practical365.com" in text
    assert "valid tokens refused" in text
    assert "without the fault" in text
    assert done.stderr.splitlines()[-1] == "simulating: 6 of 6 runs"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ("--fault", "as_dwn"),
            "--fault: unknown bad day 'as_dwn' (did you mean 'as_down'?)",
        ),
        (("--length", "-3"), "--length -3: seconds above 0"),
        (("--length", "0"), "--length 0: seconds above 0"),
        (("--length", "inf"), "--length inf: seconds above 0"),
        (("--in-time", "0"), "--in-time 0: a finite number of seconds above 0"),
        (("--in-time", "inf"), "--in-time inf: a finite number of seconds above 0"),
        (("--replications", "0"), "'--replications': Input should be greater than or equal to 1"),
    ],
)
def test_bad_input_is_one_line_and_nothing_is_written(tmp_path: Path, arguments: Any, words: str) -> None:
    write_tiny(tmp_path)
    done = simlib("bad-days", "tiny.toml", *arguments, "--out", "days", cwd=tmp_path)
    assert done.returncode == 2
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["tiny.toml"]


def test_a_day_shorter_than_the_faults_of_the_scenario_is_refused(tmp_path: Path) -> None:
    days_file(tmp_path)
    done = simlib("bad-days", "tiny.toml", "--length", "7", cwd=tmp_path)
    assert done.returncode == 2
    assert "world.faults.outage.length_s: lasts until 8 s" in done.stderr


@pytest.mark.skipif(os.name == "nt", reason="sends a POSIX signal")
def test_ctrl_c_stops_it_and_leaves_nothing(tmp_path: Path) -> None:
    write_tiny(tmp_path)
    arguments = ("--length", "600", "--out", "days")
    ended = interrupted("bad-days", "tiny.toml", *arguments, cwd=tmp_path, everybody=False)
    assert ended.first.startswith("simulating: 0 of")
    assert ended.returncode == 130
    assert "no report was written to days" in ended.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["tiny.toml"]


def test_compare_takes_a_scenario_with_faults_and_tells_its_availability(tmp_path: Path) -> None:
    days_file(tmp_path)
    options = ("--replications", "6", "--json", "--profiles", "none", "--out", "report")
    done = simlib("compare", "tiny.toml", *options, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    cells = {(r["design"], r["metric"]): r for r in json.loads(done.stdout)["summary"]}
    assert cells["opaque", "availability"]["mean"] < cells["cached", "availability"]["mean"] < 0.9
    assert cells["jwt", "availability"]["word"] == "better"
    again = load_scenario(tmp_path / "report" / "run.json")
    assert again.world.faults == load_scenario(tmp_path / "tiny.toml").world.faults
    page = (tmp_path / "report" / "report.html").read_text(encoding="utf-8")
    assert "outage" in page


# --- the plan ---


def tiny(folder: Path, *changes: tuple[str, str]) -> Any:
    return load_scenario(write_tiny(folder, LONG_ENOUGH, *changes))


@pytest.mark.parametrize("name", list(bundled_scenarios()))
def test_standard_days_fit_every_bundled_scenario(name: str) -> None:
    plan = plan_bad_days(load_scenario(name))
    horizon = plan.scenario.horizon_s
    assert len(plan.days) + len(plan.omitted) == len(load_standard_days(0.0, 1.0)) == 17
    assert plan.scenario.run.replications >= 2
    requests = plan.scenario.expected_requests * plan.runs
    assert requests < 1.2 * BUDGET or plan.scenario.run.length_s == SHORTEST_S
    for day in plan.days:
        window = plan.find_window(day, 0)
        assert window is not None
        assert (
            plan.scenario.run.warm_up_s < horizon / 3 <= window.begin + 1e-9 <= window.end + 1e-9 <= window.until + 1e-9
        )
        assert window.until <= horizon


def test_every_kind_of_fault_of_the_issue_has_a_standard_day() -> None:
    kinds = {fault.kind for day in load_standard_days(10.0, 10.0) for fault in day.faults.values()}
    assert len(kinds) == 14
    assert all(day.source for day in load_standard_days(10.0, 10.0))


def test_own_faults_keep_the_run_and_the_standard_days_come_on_demand(tmp_path: Path) -> None:
    own = tiny(tmp_path, WITH_FAULTS)
    plan = plan_bad_days(own)
    assert [day.name for day in plan.days] == ["outage", "herd"]
    assert plan.scenario.run == own.run
    assert plan.scenario.world.faults == {}
    assert plan.find_window(plan.find_day("outage"), 0) == FaultWindow(5.0, 8.0, 8.0)
    assert plan.find_window(plan.find_day("herd"), 0) == FaultWindow(6.0, 6.0, 10.0)
    both = plan_bad_days(own, standard=True)
    assert len(both.days) == 2 + 17
    assert plan_bad_days(own, only=("herd", "herd")).days == (plan.find_day("herd"),)
    with pytest.raises(InputError, match="unknown bad day"):
        plan.find_day("nothing")


def test_drawn_faults_have_windows_of_their_own_in_each_replication(tmp_path: Path) -> None:
    seldom = 'rare = { kind = "down", host = "service", mean_between_s = 20, mean_length_s = 2 }\n'
    plan = plan_bad_days(tiny(tmp_path, ("[designs.opaque]", f"[world.faults]\n{seldom}\n[designs.opaque]")))
    windows = [plan.find_window(plan.days[0], number) for number in range(20)]
    assert None in windows
    assert len({window for window in windows if window is not None}) > 2


def test_a_broken_file_of_days_is_named(tmp_path: Path) -> None:
    path = tmp_path / "days.toml"
    path.write_text(
        '[a]\ntitle = "A"\nsource = "s"\nfaults.x = { kind = "dwn", begin = 0, end = 1 }\n', encoding="utf-8"
    )
    with pytest.raises(InputError, match=r"days.toml: a: is not a bad day"):
        load_days(path, 1.0, 1.0)


def test_windows_never_end_after_a_run_whatever_its_length(tmp_path: Path) -> None:
    own = tiny(tmp_path)
    for length in np.linspace(5.0, 77.7, 40).tolist():
        for day in plan_bad_days(own, length_s=length).days:
            check_fault_times(own.world.model_copy(update={"faults": dict(day.faults)}), length, "here")


# --- the runs ---


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> tuple[DaysPlan, Any]:
    own = tiny(tmp_path_factory.mktemp("few"), WITH_FAULTS)
    plan = plan_bad_days(own)
    return plan, run_bad_days(plan)


def test_runs_are_the_same_with_several_workers(few: tuple[DaysPlan, Any]) -> None:
    plan, days = few
    told: list[tuple[int, int]] = []
    again = run_bad_days(plan, workers=2, progress=lambda done, total: told.append((done, total)))
    assert days.table.equals(again.table)
    assert told[-1] == (plan.runs, plan.runs) == (18, 18)


def test_every_day_is_held_against_the_same_day_without_the_fault(few: tuple[DaysPlan, Any]) -> None:
    plan, days = few
    cells = judge_bad_days(days)
    for design in plan.scenario.designs:
        assert days.goodput[FAULTLESS, design].sum() <= days.offered.sum()
        before = slice(0, 4)
        assert np.array_equal(days.goodput["outage", design][before], days.goodput[FAULTLESS, design][before])
        assert cells["herd", design].difference.mean == 0.0
    opaque = cells["outage", "opaque"]
    assert opaque.word == "back at once"
    # 20 requests per second for 3 s, of which some fail before they show a token: theirs has ended.
    assert 15 < opaque.refused_wrongly < 60
    assert any("wrongly refused" in mark for mark in list_marks(opaque))
    assert format_share(opaque.availability).startswith("0.0")
    for amount in (math.nan, 0.0, 0.4, 0.5):
        none = list_marks(replace(opaque, refused_wrongly=amount, more_within=amount))
        assert not any("refused" in mark or "accepted" in mark for mark in none)
    some = list_marks(replace(opaque, refused_wrongly=0.6, more_within=1.5))
    assert {"1 wrongly refused", "2 more revoked tokens accepted"} <= set(some)
    assert (days.table["usual_availability"] > 0.99).all()


def test_one_stranger_is_enough_for_a_client_that_clears_its_keys_before_it_asks() -> None:
    own = load_scenario("gateway-defaults")
    kept = {name: own.designs[name] for name in ("spring_jwt", "envoy", "pyjwt_2_12", "pyjwt_2_15")}
    # Shorter than the life of the key sets, and they are fetched when the run begins: none ends by itself.
    plan = plan_bad_days(
        replace(own, designs=kept), only=("jwks_down", "jwks_down_stranger"), length_s=90, replications=1
    )
    plan = replace(plan, scenario=plan.scenario.with_run(plan.scenario.run.model_copy(update={"caches": "empty"})))
    available = {cell: told.availability.mean for cell, told in judge_bad_days(run_bad_days(plan)).items()}
    assert all(available["jwks_down", name] == 1.0 for name in kept)
    assert {name for name in kept if available["jwks_down_stranger", name] < 1.0} == {"pyjwt_2_12"}
    assert available["jwks_down_stranger", "pyjwt_2_12"] < 0.2


def test_what_designs_live_on_is_told_once_and_never_beyond_the_life_of_a_token(few: tuple[DaysPlan, Any]) -> None:
    plan = plan_bad_days(load_scenario("gateway-defaults"), only=("jwks_down",), length_s=90)
    (told,) = (
        note
        for note in list_bad_days_notes(replace(few[1], plan=plan), {})
        if note.startswith("Designs use what they fetched")
    )
    assert "tokens for 300 s (all); " in told
    assert "key sets for 600 s (envoy)" in told
    assert all(float(seconds) <= 600 for seconds in re.findall(r"for ([0-9.e+]+) s", told))


def test_runs_that_end_too_soon_to_call_it_a_collapse_say_so(few: tuple[DaysPlan, Any]) -> None:
    plan, days = few
    outage = replace(judge_bad_days(days)["outage", "opaque"], word="not recovered")

    def said(own: DaysPlan, day: str) -> list[str]:
        cells = {(day, "opaque"): replace(outage, day=day)}
        return [note for note in list_bad_days_notes(replace(days, plan=own), cells) if "not recovered" in note]

    (own_fault,) = said(plan, "outage")  # it ends at 8 s of a run of 14 s
    assert "opaque (outage, 4 s after it)." in own_fault
    assert "takes 10 s after the fault; --length sets longer runs." in own_fault
    (standard,) = said(plan_bad_days(plan.scenario, only=("as_down",), length_s=21), "as_down")
    assert "opaque (authorization server down, 7 s after it)." in standard
    assert said(plan_bad_days(plan.scenario, only=("as_down",), length_s=30), "as_down") == []


def test_a_day_on_which_a_refusal_is_right_says_so(few: tuple[DaysPlan, Any]) -> None:
    plan, days = few
    assert not any("is a refusal" in note for note in list_bad_days_notes(days, {}))
    logout = plan_bad_days(plan.scenario, only=("mass_logout",))
    (said,) = (note for note in list_bad_days_notes(replace(days, plan=logout), {}) if "is a refusal" in note)
    assert said.startswith("mass logout: the right answer to users who are logged out is a refusal;")


def test_the_details_of_many_designs_are_told_in_tables_that_fit(few: tuple[DaysPlan, Any]) -> None:
    _, days = few
    tables = list(build_details_tables(days, judge_bad_days(days), "outage", 80))
    assert [column.header for table in tables for column in table.columns[1:]] == list(days.plan.scenario.designs)
    assert max(len(table.columns) for table in tables) == 3
