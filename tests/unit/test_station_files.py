"""Kinds of stations: added by few files of the package, and known by their properties elsewhere."""

from pathlib import Path

import simlib
from simlib.engine.stations import STATIONS, ProcessorSharing, is_first_come_first_served
from support.source_code import read_code

PACKAGE = Path(simlib.__file__).parent
MOST_FILES = 3
NAMES = (ProcessorSharing.form, ProcessorSharing.__name__)
EXAMPLES = f'examples = ["fifo", "{ProcessorSharing.form}"]'
"""Of the JSON schema of scenarios."""


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
