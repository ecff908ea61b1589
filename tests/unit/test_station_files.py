"""Kinds of stations: added by few files of the package, and known by their properties elsewhere."""

from pathlib import Path
from typing import Any

import pytest

import simlib
from simlib.engine.stations import (
    STATIONS,
    ProcessorSharing,
    is_first_come_first_served,
    list_disciplines,
    register_station,
)
from simlib.scenario.registry import isolate_registrations
from support.source_code import read_code

PACKAGE = Path(simlib.__file__).parent
MOST_FILES = 3
NAMES = (ProcessorSharing.form, ProcessorSharing.__name__)
EXAMPLES = f'examples = ["fifo", "{ProcessorSharing.form}"]'
"""Of the JSON schema of scenarios."""
MEMBERS = (
    *("form", "discipline", "looks_ahead", "varies"),
    *("enter", "extend", "leave", "sample", "set_speed", "crash"),
)


def test_a_kind_of_station_is_named_in_few_files() -> None:
    naming = []
    for path in PACKAGE.rglob("*.py"):
        code = "".join(read_code(path).split()).replace("".join(EXAMPLES.split()), "")
        if any(name in code for name in NAMES):
            naming.append(str(path.relative_to(PACKAGE)))
    assert 0 < len(naming) <= MOST_FILES, sorted(naming)


def test_only_fifo_forms_serve_in_the_order_of_arrival() -> None:
    ordered = {form for form in STATIONS if is_first_come_first_served(form)}
    assert ordered == {"kiefer_wolfowitz", "fifo_events", "fifo_varying"}
    assert not is_first_come_first_served("of a plug-in that is not installed")


@pytest.mark.parametrize("left", MEMBERS[1:])
def test_a_class_without_the_members_of_a_station_is_refused(left: str) -> None:
    members = {name: getattr(ProcessorSharing, name) for name in MEMBERS if name != left}
    kind: Any = type("Mine", (), {**members, "form": "mine"})
    with isolate_registrations(), pytest.raises(ValueError, match=f"^Mine is no station: it has no {left}$"):
        register_station(kind)


def test_a_discipline_can_be_named_once_its_station_is_registered() -> None:
    kind: Any = type("Mine", (ProcessorSharing,), {"form": "mine", "discipline": "my_order"})
    with isolate_registrations():
        register_station(kind)
        assert STATIONS["mine"] is kind
        assert "my_order" in list_disciplines()
    assert "mine" not in STATIONS
