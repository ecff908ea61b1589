"""No scenario can choose a vulnerable part: the message names the check that is missing, and what to use instead."""

from typing import Any

import pytest

from simlib.deployment.parts import PARTS
from simlib.scenario.document import build_scenario_schema
from simlib.scenario.errors import InputError
from simlib.strategies import CATALOGUE
from simlib.strategies.vulnerable import VULNERABLE_PARTS
from support.scenarios import scenario

CHOICES = [(place, name) for place, parts in VULNERABLE_PARTS.items() for name in parts if place != "inner_service"]


def chosen(place: str, name: str) -> dict[str, Any]:
    if place == "wrappers":
        return {"designs__jwt_local__wrappers": [{"part": name}]}
    return {f"designs__jwt_local__{place}": {"part": name}}


@pytest.mark.parametrize(("place", "name"), CHOICES)
def test_a_vulnerable_part_is_refused_with_file_key_reason_and_what_to_use(place: str, name: str) -> None:
    with pytest.raises(InputError) as caught:
        scenario(**chosen(place, name))
    key = "wrappers[0]" if place == "wrappers" else place
    kind = VULNERABLE_PARTS[place][name]
    assert str(caught.value) == (
        f"tiny.toml: designs.jwt_local.{key}.part: {name!r} is vulnerable and cannot be chosen: {kind.refused}"
    )
    assert kind.refused.endswith(f"use {kind.instead}")


@pytest.mark.parametrize(("place", "name"), CHOICES)
def test_a_vulnerable_part_stands_outside_the_catalogue_and_beside_the_secure_part(place: str, name: str) -> None:
    kind = VULNERABLE_PARTS[place][name]
    assert name not in CATALOGUE[place]
    assert PARTS[place][name] is kind
    assert kind.instead in CATALOGUE[place]
    assert kind.summary.startswith("vulnerable: ")
    assert kind.Settings()


def test_neither_messages_nor_schema_offer_vulnerable_parts() -> None:
    with pytest.raises(InputError) as caught:
        scenario(**chosen("service", "jwt_loca"))
    assert not {name for parts in VULNERABLE_PARTS.values() for name in parts} & set(
        str(caught.value).replace(",", " ").split()
    )
    definitions = build_scenario_schema(PARTS)["$defs"]
    assert not [f"{place}.{name}" for place, name in CHOICES if f"{place}.{name}" in definitions]
