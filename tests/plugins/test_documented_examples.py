"""Examples in the docstring of `simlib.plugins`: the wrapper delays requests, the station holds to its contract."""

from pathlib import Path
from textwrap import dedent
from typing import Any

import simlib.plugins as plugins
from simlib import load_scenario, simulate, summarise
from support.command_line import write_tiny

HEADER = "from dataclasses import dataclass\nfrom simlib.plugins import *\n"


def define(first: str, last: str) -> dict[str, Any]:
    """The names that the lines from the first to the last one define."""
    text = plugins.__doc__ or ""
    start = text.index(f"    {first}")
    end = text.index(last, start) + len(last)
    names: dict[str, Any] = {"__name__": "documented_examples"}
    exec(HEADER + dedent(text[start:end]), names)
    return names


def test_the_wrapper_pauses(tmp_path: Path) -> None:
    service = 'service = { part = "jwt_local" }'
    paused = write_tiny(tmp_path, (service, f'{service}\nwrappers = [{{ part = "pause", pause_s = 0.5 }}]'))
    part = define("@dataclass", "return PausingValidator(validator, self.settings)")["Pause"]
    with plugins.isolate_registrations():
        plugins.register_strategy(part)
        assert summarise(simulate(load_scenario(paused), "jwt"), 2.0)["p50_s"] > 0.5


def test_the_station_serves() -> None:
    plugins.check_station(define("class LastComeFirstServed", "self._idle += 1")["LastComeFirstServed"])
