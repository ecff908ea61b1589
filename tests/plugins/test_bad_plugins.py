"""Bad plug-ins: each is refused in one clear line, by a call with ValueError and at the command line with status 2."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from example_plugin import ForeignSubject, LastComeFirstServed, RefusalCache
from example_plugin.slow_requests import SLOW_SHARE, compute_slow_share, draw_slow_requests
from installing import declare

from simlib.plugins import (
    isolate_registrations,
    register_attack,
    register_figure,
    register_metric,
    register_station,
    register_strategy,
)
from support.command_line import simlib_forked, write_tiny


def without(kind: type[Any], *names: str) -> type[Any]:
    """A class with the members of another one, except these."""
    members = {name: value for base in reversed(kind.__mro__[:-1]) for name, value in vars(base).items()}
    kept = {
        name: value for name, value in members.items() if name not in (*names, "__dict__", "__weakref__", "__slots__")
    }
    for name in list(kept):
        if type(kept[name]).__name__ == "member_descriptor":
            del kept[name]
    return type(f"Bad{kind.__name__}", (), kept)


def named(kind: type[Any], **members: Any) -> type[Any]:
    return type(f"Bad{kind.__name__}", (kind,), members)


REFUSED: dict[str, tuple[Callable[[], None], str]] = {
    "part without Settings": (
        lambda: register_strategy(without(RefusalCache, "Settings", "summary")),
        "BadRefusalCache is no part: it has no summary, Settings",
    ),
    "wrapper without formats": (
        lambda: register_strategy(without(RefusalCache, "formats")),
        "BadRefusalCache is no part: it has no formats",
    ),
    "part of no place": (
        lambda: register_strategy(
            type(
                "Odd",
                (),
                {**dict.fromkeys(("name", "summary", "token_format"), ""), "Settings": int, "list_operations": 1},
            )
        ),
        "Odd is no part: it has none of the methods wrap_validator, validate, issue, request, obtain_credential",
    ),
    "name of a built-in part": (
        lambda: register_strategy(named(RefusalCache, name="dpop")),
        "wrapper: there is a built-in 'dpop' already",
    ),
    "no identifier": (
        lambda: register_strategy(named(RefusalCache, name="refusal cache")),
        "wrapper: 'refusal cache' is no name; allowed are letters, digits and _, no digit first",
    ),
    "station without leave": (
        lambda: register_station(without(LastComeFirstServed, "leave")),
        "BadLastComeFirstServed is no station: it has no leave",
    ),
    "form of a built-in station": (
        lambda: register_station(named(LastComeFirstServed, form="fifo_events")),
        "station: there is a built-in 'fifo_events' already",
    ),
    "name of a built-in metric": (
        lambda: register_metric(type(SLOW_SHARE)("p99_s", "p99", "s", True), compute_slow_share),
        "metric: there is a built-in 'p99_s' already",
    ),
    "metric without a function": (
        lambda: register_metric(SLOW_SHARE, 1.0),  # type: ignore[arg-type]
        "a metric is registered as a Metric and a function of records and warm-up",
    ),
    "name of a built-in figure": (
        lambda: register_figure("latency", draw_slow_requests, "caption"),
        "figure: there is a built-in 'latency' already",
    ),
    "figure without a function": (
        lambda: register_figure("mine", "no function", "caption"),  # type: ignore[arg-type]
        "figure 'mine': the second of the three is a function of the verdicts",
    ),
    "name that is no text": (
        lambda: register_strategy(named(RefusalCache, name=3)),
        "wrapper: 3 is no name; allowed are letters, digits and _, no digit first",
    ),
    "summary that is no text": (
        lambda: register_strategy(named(RefusalCache, summary=5)),
        "BadRefusalCache is no part: its summary must be a text",
    ),
    "summary with an escape sequence": (
        lambda: register_strategy(named(RefusalCache, summary="\x1b[31mred")),
        "BadRefusalCache is no part: its summary must be one line of text, but holds the control character U+001B",
    ),
    "label with a line break": (
        lambda: register_metric(SLOW_SHARE.__class__("mine", "a\nb", "", None), compute_slow_share),
        "metric 'mine': its label must be one line of text, but holds the control character U+000A",
    ),
    "unit that is no text": (
        lambda: register_metric(SLOW_SHARE.__class__("mine", "a", 7, None), compute_slow_share),
        "metric 'mine': its unit must be a text",
    ),
    "caption that reverses letters": (
        lambda: register_figure("mine", draw_slow_requests, "a\u202eb"),
        "figure 'mine': its caption must be one line of text, but holds the control character U+202E",
    ),
    "attack with an endless summary": (
        lambda: register_attack(named(ForeignSubject, summary="x" * 4097)),
        "BadForeignSubject is no attack: its summary must have at most 4,096 characters, not 4,097",
    ),
    "Settings that are no dataclass": (
        lambda: register_strategy(named(RefusalCache, Settings=int)),
        "BadRefusalCache is no part: its Settings must be a dataclass",
    ),
    "discipline that is no text": (
        lambda: register_station(named(LastComeFirstServed, discipline=None)),
        "BadLastComeFirstServed is no station: its discipline must be a text",
    ),
    "metric without a label": (
        lambda: register_metric(SLOW_SHARE.__class__("mine", " ", "", None), compute_slow_share),
        "metric 'mine': its label must be a text that is not empty",
    ),
    "figure without a caption": (
        lambda: register_figure("mine", draw_slow_requests, ""),
        "figure 'mine': its caption must be a text that is not empty",
    ),
    "attack against something else": (
        lambda: register_attack(named(ForeignSubject, against="moon")),
        "BadForeignSubject is no attack: against is 'moon'; allowed: 'token', 'flow'",
    ),
    "attack without prepare": (
        lambda: register_attack(without(ForeignSubject, "prepare")),
        "BadForeignSubject is no attack: it has no prepare",
    ),
    "name of a built-in attack": (
        lambda: register_attack(named(ForeignSubject, name="expired_token")),
        "attack: there is a built-in 'expired_token' already",
    ),
}


@pytest.mark.parametrize("case", list(REFUSED))
def test_a_call_is_refused_with_what_is_wrong(case: str) -> None:
    register, message = REFUSED[case]
    with isolate_registrations(), pytest.raises(ValueError, match=r"\A") as refusal:
        register()
    assert str(refusal.value) == message


@pytest.mark.parametrize("column", ["design", "replication", "arrivals", "refused", "failed", "backlog_end"])
def test_a_metric_may_not_be_named_like_a_column_of_tables(column: str) -> None:
    metric = SLOW_SHARE.__class__(column, "mine", "", None)
    with isolate_registrations(), pytest.raises(ValueError, match=f"'{column}' is a column of the tables already"):
        register_metric(metric, compute_slow_share)


@pytest.mark.parametrize("need", ["nonsense", "own_token"])
def test_an_attack_may_need_only_assets_that_can_be_obtained(need: str) -> None:
    with isolate_registrations(), pytest.raises(ValueError, match=f"it needs '{need}'; allowed: stolen_request, "):
        register_attack(named(ForeignSubject, needs=("stolen_request", need)))


def test_what_is_registered_twice_is_replaced() -> None:
    from simlib.strategies import WRAPPERS

    again = named(RefusalCache, summary="another one")
    with isolate_registrations():
        register_strategy(RefusalCache)
        register_strategy(again)
        assert WRAPPERS["refusal_cache"] is again


MODULE = """
from simlib.plugins import *

class NoMembers:
    name = "half_done"

class BuiltIn(SteadyStation, Occupancy):
    form, discipline, looks_ahead, varies = "fifo_events", "fifo", False, False
    def enter(self, task, seconds, now): ...
    extend = leave = enter

pair = (1, 2, 3)
"""
ENTRY_POINTS = [
    ("strategies", "not_there:Thing", "ModuleNotFoundError: No module named 'not_there'", ("strategies",)),
    ("strategies", "leaving_module:Thing", "SystemExit: good bye", ("strategies",)),
    (
        "strategies",
        "bad_module:Missing",
        "AttributeError: module 'bad_module' has no attribute 'Missing'",
        ("strategies",),
    ),
    ("strategies", "bad_module:NoMembers", "NoMembers is no part: it has no summary", ("schema",)),
    ("stations", "bad_module:BuiltIn", "station: there is a built-in 'fifo_events' already", ("compare", "tiny.toml")),
    (
        "metrics",
        "bad_module:pair",
        "a metric is named as a pair: a Metric and a function of records and warm-up",
        ("compare", "tiny.toml"),
    ),
    (
        "figures",
        "bad_module:NoMembers",
        "a figure is named as a triple: name, function of the verdicts, and caption",
        ("compare", "tiny.toml", "--out", "report"),
    ),
    ("attacks", "bad_module:NoMembers", "NoMembers is no attack: it has no summary", ("attacks", "tiny.toml")),
]


@pytest.mark.parametrize(("group", "target", "reason", "command"), ENTRY_POINTS, ids=lambda value: str(value))
def test_the_command_line_names_the_plug_in_and_the_reason(
    group: str, target: str, reason: str, command: tuple[str, ...], tmp_path: Path
) -> None:
    write_tiny(tmp_path)
    site = tmp_path / "site"
    variables = declare(site, "bad-plugin", {f"simlib.{group}": {"mine": target}})
    (site / "bad_module.py").write_text(MODULE, encoding="utf-8")
    (site / "leaving_module.py").write_text("raise SystemExit('good bye')\n", encoding="utf-8")
    done = simlib_forked(*command, cwd=tmp_path, **variables)
    assert done.returncode == 2, (done.stdout[-500:], done.stderr[-500:])
    *progress, line = done.stderr.strip().splitlines()
    assert all(step.startswith("simulating: 0 of") for step in progress)
    assert f"plug-in 'mine' (simlib.{group}) of the package 'bad-plugin' cannot be used: " in line
    assert reason in line
    assert "Traceback" not in done.stderr
