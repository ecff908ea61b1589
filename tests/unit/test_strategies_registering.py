"""Registration of parts: a class that is no part is refused in one line; any other gets to the place of its methods."""

from dataclasses import make_dataclass
from typing import Any

import pytest

from simlib.scenario.registry import isolate_registrations
from simlib.strategies import CATALOGUE, register_strategy

Settings = make_dataclass("Settings", ())
MEMBERS = {"name": "mine", "summary": "", "token_format": None, "Settings": Settings, "list_operations": None}
AROUND = {"formats": frozenset(), "at_edge": False}
METHODS = {
    "wrap_validator": "wrappers",
    "validate": "service",
    "issue": "authorization_server",
    "request": "client",
    "obtain_credential": "downstream",
}
"""Method -> the place in the catalogue that it is for."""


@pytest.mark.parametrize("method", METHODS)
def test_a_part_goes_to_the_place_that_its_methods_are_for(method: str) -> None:
    part = type("Mine", (), {**MEMBERS, **AROUND, method: None})
    with isolate_registrations():
        register_strategy(part)
        assert CATALOGUE[METHODS[method]]["mine"] is part
    assert "mine" not in CATALOGUE[METHODS[method]]


def test_a_validator_that_passes_another_credential_on_is_for_gateways() -> None:
    part = type("Mine", (), {**MEMBERS, "validate": None, "forwards": None})
    with isolate_registrations():
        register_strategy(part)
        assert CATALOGUE["gateway"]["mine"] is part
        assert "mine" not in CATALOGUE["service"]


@pytest.mark.parametrize(
    ("members", "missing"),
    [
        ({"name": "mine"}, "summary, token_format, Settings, list_operations"),
        *(({name: value for name, value in MEMBERS.items() if name != left}, left) for left in MEMBERS),
        ({**MEMBERS, "wrap_validator": None}, "formats, at_edge"),
    ],
    ids=str,
)
def test_a_class_without_the_members_of_a_part_is_refused(members: dict[str, Any], missing: str) -> None:
    part = type("Mine", (), {"validate": None, **members})
    with isolate_registrations(), pytest.raises(ValueError, match=f"^Mine is no part: it has no {missing}$"):
        register_strategy(part)


def test_a_class_without_any_method_of_a_part_is_refused() -> None:
    message = f"^Mine is no part: it has none of the methods {', '.join(METHODS)}$"
    with isolate_registrations(), pytest.raises(ValueError, match=message):
        register_strategy(type("Mine", (), dict(MEMBERS)))


@pytest.mark.parametrize("chosen", [int, Settings(), None], ids=["no dataclass", "a value", "nothing"])
def test_settings_that_are_no_dataclass_are_refused(chosen: Any) -> None:
    part = type("Mine", (), {**MEMBERS, "validate": None, "Settings": chosen})
    with (
        isolate_registrations(),
        pytest.raises(ValueError, match=r"^Mine is no part: its Settings must be a dataclass$"),
    ):
        register_strategy(part)
