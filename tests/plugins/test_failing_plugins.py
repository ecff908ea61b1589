"""Plug-ins that fail while they are used: one line names the plug-in and the error, and no finished run is lost."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from example_plugin import ForeignSubject, LastComeFirstServed, RefusalCache
from matplotlib.figure import Figure

from simlib import compare, load_scenario
from simlib.plugins import (
    Metric,
    ValidatorWrapper,
    isolate_registrations,
    register_attack,
    register_figure,
    register_metric,
    register_station,
    register_strategy,
)
from simlib.scenario.errors import InputError
from support.command_line import Done, simlib, write_tiny

FAILING = ('service = { part = "jwt_local" }', 'service = { part = "jwt_local" }\nwrappers = [{ part = "failing" }]')
LAST_COME = ('issuer = "https://as.example"', 'issuer = "https://as.example", discipline = "last_come_first_served"')
FAILING_QUEUE = ("user_information_share = 0.2", 'user_information_share = 0.2\ndiscipline = "failing"')
METRIC = Metric("failing_metric", "failing metric", "", None)


@pytest.fixture(autouse=True)
def isolated() -> Iterator[None]:
    with isolate_registrations():
        yield


def fail(*_: Any) -> Any:
    raise ValueError("no\nluck")


class FailingValidator(ValidatorWrapper):
    def validate(self, ctx: Any, state: Any, presented: Any) -> Any:
        raise ValueError("no\nluck")
        yield


class FailingWrapper(RefusalCache):
    name = "failing"

    def wrap_validator(self, validator: Any) -> Any:
        return FailingValidator(validator)


class YieldingValidator(ValidatorWrapper):
    def validate(self, ctx: Any, state: Any, presented: Any) -> Any:
        yield "a word"


class YieldingWrapper(RefusalCache):
    name = "failing"

    def wrap_validator(self, validator: Any) -> Any:
        return YieldingValidator(validator)


class EmptyWrapper(RefusalCache):
    name = "failing"

    def wrap_validator(self, validator: Any) -> Any:
        return None


class FailingStation(LastComeFirstServed):
    form = "failing_station"
    discipline = "failing"

    def enter(self, task: Any, seconds: float, now: float) -> None:
        raise ValueError("no\nluck")


FAILING_SCRIPT = """
from example_plugin import LastComeFirstServed

class FailingStation(LastComeFirstServed):
    form, discipline = "failing_station", "failing"

    def enter(self, task, seconds, now):
        raise ValueError("no luck")
"""


class FailingAttempt(ForeignSubject):
    name = "failing_attack"

    def attempt(self, ctx: Any, candidate: Any) -> Any:
        raise ValueError("no\nluck")


class WrongPreparation(ForeignSubject):
    name = "failing_attack"

    def prepare(self, ctx: Any) -> Any:
        return 3


def run_comparison(folder: Path, *changes: tuple[str, str]) -> Done:
    write_tiny(folder, *changes)
    return simlib("compare", "tiny.toml", "--workers", "1", "--profiles", "none", "--out", "report", cwd=folder)


def find_refusal(done: Done) -> str:
    """The one line of the error, after the lines of progress."""
    assert done.returncode == 2
    *progress, line = done.stderr.strip().splitlines()
    assert all(step.startswith(("simulating: ", "attacking: ", "simlib: warning: tiny.toml: ")) for step in progress)
    return line


def draw_control_character(verdicts: Any) -> tuple[Figure, str]:
    figure = Figure()
    figure.text(0.5, 0.5, "a\x1b[31mb")
    return figure, "A figure."


@pytest.mark.parametrize(
    ("draw", "reason"),
    [
        (fail, "ValueError: no luck"),
        (lambda verdicts: 3, "TypeError: cannot unpack non-iterable int object"),
        (lambda verdicts: (Figure(), None), "TypeError: what it returns is no pair of a matplotlib Figure and a text"),
        (
            lambda verdicts: (Figure(), "a\x1bb"),
            "ValueError: its description must be one line of text, but holds the control character U+001B",
        ),
    ],
)
def test_a_figure_that_fails_is_left_out_of_the_report(draw: Callable[..., Any], reason: str, tmp_path: Path) -> None:
    register_figure("failing_figure", draw, "A caption.")
    done = run_comparison(tmp_path)
    assert done.returncode == 0
    (warning,) = [line for line in done.stderr.splitlines() if not line.startswith("simulating: ")]
    assert warning.startswith(f"simlib: warning: plug-in figure 'failing_figure' is left out: {reason}")
    assert warning.isprintable()
    page = (tmp_path / "report" / "report.html").read_text(encoding="utf-8")
    assert "A caption." not in page
    assert not list((tmp_path / "report").glob("failing_figure.*"))


def test_control_characters_of_a_figure_reach_no_report(tmp_path: Path) -> None:
    register_figure("failing_figure", draw_control_character, "A caption.")
    assert run_comparison(tmp_path).returncode == 0
    picture = (tmp_path / "report" / "failing_figure.svg").read_text(encoding="utf-8")
    assert all(character.isprintable() or character == "\n" for character in picture)
    assert ElementTree.fromstring(picture).tag.endswith("svg")


@pytest.mark.parametrize(
    ("compute", "reason"),
    [
        (fail, "ValueError: no luck"),
        (lambda records, warm_up_s: None, "returned None; allowed: a finite number, NaN where undefined"),
        (lambda records, warm_up_s: float("inf"), "returned inf; allowed: a finite number, NaN where undefined"),
    ],
)
def test_a_metric_that_fails_is_named(compute: Callable[..., Any], reason: str, tmp_path: Path) -> None:
    register_metric(METRIC, compute)
    line = find_refusal(run_comparison(tmp_path))
    assert line == f"simlib: error: plug-in metric 'failing_metric': {reason}"
    assert not (tmp_path / "report").exists()


def test_a_strategy_that_fails_is_named(tmp_path: Path) -> None:
    register_strategy(FailingWrapper)
    line = find_refusal(run_comparison(tmp_path, FAILING))
    assert line.startswith(
        "simlib: error: plug-in wrapper 'failing': ValueError: no luck (test_failing_plugins.py, line "
    )


@pytest.mark.parametrize("caches", ["stationary", "empty"])
def test_a_strategy_that_yields_no_effect_is_named(caches: str, tmp_path: Path) -> None:
    register_strategy(YieldingWrapper)
    line = find_refusal(run_comparison(tmp_path, FAILING, ("[run]\n", f'[run]\ncaches = "{caches}"\n')))
    assert line.startswith("simlib: error: plug-in wrapper 'failing': TypeError: a part yielded 'a word', which is no")


def test_a_wrapper_that_returns_no_validator_is_named(tmp_path: Path) -> None:
    register_strategy(EmptyWrapper)
    line = find_refusal(run_comparison(tmp_path, FAILING))
    assert line.endswith("plug-in wrapper 'failing': wrap_validator returned None, which is no validator")


def test_a_station_that_fails_is_named(tmp_path: Path) -> None:
    register_station(FailingStation)
    line = find_refusal(run_comparison(tmp_path, FAILING_QUEUE))
    assert line.startswith(
        "simlib: error: plug-in station 'failing_station': ValueError: no luck (test_failing_plugins.py"
    )


def test_what_fails_in_worker_processes_is_named_too(tmp_path: Path) -> None:
    script: dict[str, Any] = {"__name__": "__main__"}  # whose classes workers get by value
    exec(FAILING_SCRIPT, script)
    register_station(script["FailingStation"])
    scenario = load_scenario(write_tiny(tmp_path, FAILING_QUEUE))
    with pytest.raises(InputError, match=r"^plug-in station 'failing_station': ValueError: no luck \("):
        compare(scenario, workers=2)


@pytest.mark.parametrize(
    ("attack", "reason"),
    [(FailingAttempt, "ValueError: no luck (test_failing"), (WrongPreparation, "AttributeError: 'int' object")],
)
def test_an_attack_that_fails_is_named(attack: Any, reason: str, tmp_path: Path) -> None:
    register_attack(attack)
    write_tiny(tmp_path)
    line = find_refusal(simlib("attacks", "tiny.toml", "--attack", "failing_attack", cwd=tmp_path))
    assert f"plug-in attack 'failing_attack': {reason}" in line


def test_an_error_that_passes_through_no_plug_in_stays_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    register_station(LastComeFirstServed)
    monkeypatch.setattr("simlib.analysis.summary.summarise_usage", fail)
    with pytest.raises(ValueError, match=r"no\nluck"):
        run_comparison(tmp_path)


def test_a_station_that_cannot_vary_is_refused_where_a_fault_stops_its_host(tmp_path: Path) -> None:
    register_station(LastComeFirstServed)
    write_tiny(tmp_path, LAST_COME)
    short = ("--replications", "1", "--length", "120", "--workers", "1")
    line = find_refusal(simlib("bad-days", "tiny.toml", "--fault", "as_slow", *short, cwd=tmp_path))
    assert "a fault slows or stops a host whose station cannot vary its speed (last_come); leave the fault out" in line


def test_the_schema_has_the_registered_disciplines(tmp_path: Path) -> None:
    register_station(LastComeFirstServed)
    schema = json.loads(simlib("schema", cwd=tmp_path).stdout)
    disciplines = [
        definition["properties"]["discipline"]["enum"]
        for definition in schema["$defs"].values()
        if "discipline" in definition.get("properties", {})
    ]
    assert disciplines
    assert all(names == ["fifo", "processor_sharing", "last_come_first_served"] for names in disciplines)
