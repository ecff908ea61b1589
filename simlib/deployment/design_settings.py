"""Settings of a design that can be changed one by one: those of the parts that check tokens and of wrappers, and the
lifetime of tokens."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, get_args, get_origin, get_type_hints

from simlib.scenario.design import ChosenPart, Design

LIFETIME, SHORTEST_LIFETIME_S = "token_lifetime_s", 2.0
"""No shorter one may stand in a scenario file."""
CHECKING_PLACES = ("gateway", "service", "inner_service")


class Setting(NamedTuple):
    """One setting of a design: of the part at a place, of a wrapper (its number in the list), or of the design."""

    place: str
    name: str
    number: int = -1


def list_durations(design: Design, least_s: float = math.ulp(0.0)) -> tuple[Setting, ...]:
    """List the durations of a design, those shorter than ``least_s`` left out (by default those of 0, which cannot be
    lowered): of the parts that check tokens, of wrappers, then of tokens."""
    return (
        *(
            setting
            for setting, kind in _list_settings(design)
            if kind is float and setting.name.endswith("_s") and read_setting(design, setting) >= least_s
        ),
        Setting("", LIFETIME),
    )


def list_switches(design: Design) -> Iterator[tuple[Setting, Any]]:
    """List settings with few values, each with a value that it does not have now."""
    for setting, kind in _list_settings(design):
        now = read_setting(design, setting)
        choices = (False, True) if kind is bool else get_args(kind) if get_origin(kind) is Literal else ()
        yield from ((setting, value) for value in choices if value != now)


def _list_settings(design: Design) -> Iterator[tuple[Setting, Any]]:
    placed = [(place, -1, design.parts[place]) for place in CHECKING_PLACES if place in design.parts]
    placed += [("wrappers", number, chosen) for number, chosen in enumerate(design.wrappers)]
    for place, number, chosen in placed:
        if is_dataclass(chosen.settings):
            kinds = get_type_hints(type(chosen.settings))
            yield from ((Setting(place, own.name, number), kinds[own.name]) for own in fields(chosen.settings))


def read_setting(design: Design, setting: Setting) -> Any:
    """Read the value that a setting has in a design."""
    if not setting.place:
        return getattr(design, setting.name)
    return getattr(_find_chosen(design, setting).settings, setting.name)


def _find_chosen(design: Design, setting: Setting) -> ChosenPart:
    return design.wrappers[setting.number] if setting.number >= 0 else design.parts[setting.place]


def change_settings(design: Design, values: Mapping[Setting, Any]) -> Design:
    """Change settings of a design; raises ValueError for values that its parts refuse."""
    own = {setting.name: value for setting, value in values.items() if not setting.place}
    parts, wrappers = dict(design.parts), list(design.wrappers)
    by_part: dict[tuple[str, int], dict[str, Any]] = {}
    for setting, value in values.items():
        if setting.place:
            by_part.setdefault((setting.place, setting.number), {})[setting.name] = value
    for (place, number), changed in by_part.items():
        chosen = wrappers[number] if number >= 0 else parts[place]
        made = ChosenPart(chosen.part, replace(chosen.settings, **changed))
        if number >= 0:
            wrappers[number] = made
        else:
            parts[place] = made
    return replace(design, parts=MappingProxyType(parts), wrappers=tuple(wrappers), **own)
