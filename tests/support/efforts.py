"""Designs made of any parts, for tests of effort."""

from dataclasses import replace
from typing import Any

from simlib.scenario.design import ChosenPart, Design
from simlib.strategies import CATALOGUE


def design(
    parts: dict[str, str],
    *,
    wrappers: tuple[str, ...] = (),
    name: str = "mine",
    information: Any = "token",
    **more: Any,
) -> Design:
    """A design of parts with their settings by default; ``more`` are other fields of `Design`."""
    chosen = {place: chosen_part(place, part) for place, part in {"client": "bearer", **parts}.items()}
    around = tuple(chosen_part("wrappers", part) for part in wrappers)
    return Design(name, name, 300.0, information, chosen, {}, around, **more)


def chosen_part(place: str, part: str, **settings: Any) -> ChosenPart:
    """A part with settings of its own where they are given."""
    return ChosenPart(part, replace(CATALOGUE[place][part].Settings(), **settings))


OPAQUE = {"service": "opaque_introspection", "authorization_server": "reference_token"}
JWT = {"service": "jwt_local", "authorization_server": "jwt_access_token"}
