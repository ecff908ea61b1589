"""Remedies by other parts: combinations of parts of a design that have a property which its own lack."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import product
from types import MappingProxyType
from typing import Any

from simlib.deployment.parts import DOWNSTREAM, INNER_SERVICE, PARTS
from simlib.scenario.compatibility import check_compatibility
from simlib.scenario.design import ChosenPart, Design, UserInformationSource
from simlib.scenario.hosts import AUTHORIZATION_SERVER, GATEWAY, SERVICE
from simlib.scenario.scenario import Scenario
from simlib.scenario.setting_changes import Remedy, SettingChange

SOURCES: tuple[UserInformationSource, ...] = ("token", "introspection", "userinfo")
PLACES = (GATEWAY, SERVICE, INNER_SERVICE, DOWNSTREAM, AUTHORIZATION_SERVER)
MOST = 3
"""Remedies that are named."""
NONE = "none"
Names = tuple[str, ...]
"""Name of the part at each of the `PLACES` ("none" without one), then the source of user information."""


def find_part_remedies(scenario: Scenario, design: Design, is_kept: Callable[[Design], bool]) -> tuple[Remedy, ...]:
    """Remedies with the fewest other parts, under their default settings; wrappers go only where nothing else helps.

    ``is_kept``: whether a design keeps the limit in question; it may raise ValueError.
    """
    now = _read_names(design)
    variants = sorted(_list_variants(scenario, design), key=lambda names: _count_changes(now, names))
    for wrappers in dict.fromkeys((design.wrappers, ())):
        remedies: list[Remedy] = []
        fewest = len(now)
        for names in variants:
            if _count_changes(now, names) > fewest or len(remedies) == MOST:
                break
            variant = _choose_parts(replace(design, wrappers=wrappers), names)
            remedy = _describe_parts(design, variant)
            if remedy and _is_usable(scenario, variant, is_kept):
                fewest = _count_changes(now, names)
                remedies.append(remedy)
        if remedies:
            return tuple(remedies)
    return ()


def _count_changes(names: Names, others: Names) -> int:
    return sum(name != other for name, other in zip(names, others, strict=True))


def _read_names(design: Design) -> Names:
    return (
        *(design.parts[place].part if place in design.parts else NONE for place in PLACES),
        design.user_information,
    )


def _list_variants(scenario: Scenario, design: Design) -> Iterator[Names]:
    """Other parts at the gateway, the services and the authorization server; all services have the same."""
    gateways = (NONE, *_list_usable(GATEWAY)) if scenario.world.gateway is not None else (NONE,)
    places = (_list_usable(SERVICE), _list_usable(AUTHORIZATION_SERVER))
    downstream = _list_usable(DOWNSTREAM) if DOWNSTREAM in design.parts else (NONE,)
    for gateway, service, server, passed, source in product(gateways, *places, downstream, SOURCES):
        yield gateway, service, service if INNER_SERVICE in design.parts else NONE, passed, server, source


def _list_usable(place: str) -> tuple[str, ...]:
    return tuple(name for name, part in PARTS[place].items() if not getattr(part, "refused", ""))


def _choose_parts(design: Design, names: Names) -> Design:
    source: Any = names[-1]
    at_places = names[:-1]
    chosen = {place: name for place, name in zip(PLACES, at_places, strict=True) if name != NONE}
    others = {place: own for place, own in design.parts.items() if place not in PLACES}
    parts = {place: _choose_part(design, place, name) for place, name in chosen.items()}
    return replace(design, parts=MappingProxyType({**others, **parts}), user_information=source)


def _choose_part(design: Design, place: str, name: str) -> ChosenPart:
    chosen = design.parts.get(place)
    return chosen if chosen is not None and chosen.part == name else ChosenPart(name, PARTS[place][name].Settings())


def _is_usable(scenario: Scenario, design: Design, is_kept: Callable[[Design], bool]) -> bool:
    try:
        check_compatibility(design, scenario.world, PARTS, design.name)
        return is_kept(design)
    except (ValueError, ImportError):  # parts that do not fit, or that are not installed
        return False


def _describe_parts(design: Design, other: Design) -> Remedy:
    """Describe the parts in which a design differs from another, by their tables in the file."""
    now, names = _read_names(design), _read_names(other)
    places = [
        _change(design, place, f"{place}.part", own, None if name == NONE else {"part": name})
        for place, own, name in zip(PLACES, now, names, strict=False)
        if own != name
    ]
    source = (_change(design, "user_information", "user_information", now[-1], names[-1]),)
    wrappers = " ".join(chosen.part for chosen in design.wrappers)
    return (
        *places,
        *(source if now[-1] != names[-1] else ()),
        *((_change(design, "wrappers", "wrappers", wrappers, []),) if wrappers and not other.wrappers else ()),
    )


def _change(design: Design, key: str, label: str, now: str, value: Any) -> SettingChange:
    return SettingChange(f"designs.{design.name}.{key}", label, now, value)
