"""Stations: each kind conserves jobs, obeys Little's law, and serves by its discipline."""

from typing import Any

import pytest

from simlib.contracts.stations import check_station, find_reference
from simlib.engine.stations import STATIONS
from support.pairs import name_of


@pytest.mark.parametrize("kind", STATIONS.values(), ids=lambda kind: kind.form)
def test_a_station_meets_the_contract(kind: Any) -> None:
    check_station(kind)


@pytest.mark.parametrize("discipline", dict.fromkeys(kind.discipline for kind in STATIONS.values()), ids=name_of)
def test_ends_under_each_discipline_are_computed_without_events_too(discipline: str) -> None:
    assert find_reference(discipline) is not None
