"""Remedies by other parts: combinations of parts of a design that have a property which its own lack."""

from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from itertools import product
from types import MappingProxyType
from typing import Any

from simlib.deployment.design_settings import Setting, list_durations, list_switches, read_setting
from simlib.deployment.parts import DOWNSTREAM, INNER_SERVICE, PARTS
from simlib.deployment.remedies import describe_changes
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


Adapt = Callable[[Design], Design | None]
"""Adapts the settings of a design so that it keeps a limit; None where no settings do. It may raise ValueError."""


def find_part_remedies(scenario: Scenario, design: Design, adapt: Adapt) -> tuple[Remedy, ...]:
    """Remedies with the fewest other parts, under their default settings as far as these do; wrappers go only where
    nothing else helps."""
    now = _read_names(design)
    variants = sorted(_list_variants(scenario, design), key=lambda names: _count_changes(now, names))
    for wrappers in dict.fromkeys((design.wrappers, ())):
        remedies: list[Remedy] = []
        fewest = len(now)
        for names in variants:
            if _count_changes(now, names) > fewest or len(remedies) == MOST:
                break
            variant = _choose_parts(replace(design, wrappers=wrappers), names)
            is_other = names != now or wrappers != design.wrappers
            adapted = _adapt(scenario, variant, adapt) if is_other else None
            if adapted is not None:
                fewest = _count_changes(now, names)
                remedies.append(_describe_parts(design, adapted))
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


def _adapt(scenario: Scenario, design: Design, adapt: Adapt) -> Design | None:
    try:
        check_compatibility(design, scenario.world, PARTS, design.name)
        return adapt(design)
    except (ValueError, ImportError):  # parts that do not fit, or that are not installed
        return None


def _describe_parts(design: Design, other: Design) -> Remedy:
    """Describe parts and settings in which a design differs from another, by their tables and keys in the file."""
    now, names = _read_names(design), _read_names(other)
    places = [
        _change(design, place, f"{place}.part", own, _build_table(other, place))
        for place, own, name in zip(PLACES, now, names, strict=False)
        if own != name
    ]
    source = (_change(design, "user_information", "user_information", now[-1], names[-1]),)
    wrappers = " ".join(chosen.part for chosen in design.wrappers)
    return (
        *places,
        *(source if now[-1] != names[-1] else ()),
        *((_change(design, "wrappers", "wrappers", wrappers, []),) if wrappers and not other.wrappers else ()),
        *describe_changes(design, dict(_list_changed_settings(design, other))),
    )


def _build_table(design: Design, place: str) -> dict[str, Any] | None:
    """Table of a part in a file, with the settings that are not its defaults; None without one."""
    if place not in design.parts:
        return None
    chosen = design.parts[place]
    usual = type(chosen.settings)()
    changed = {
        own.name: getattr(chosen.settings, own.name)
        for own in fields(chosen.settings)
        if getattr(chosen.settings, own.name) != getattr(usual, own.name)
    }
    return {"part": chosen.part, **changed}


def _list_changed_settings(design: Design, other: Design) -> Iterator[tuple[Setting, Any]]:
    """Settings of the parts that both designs have, and the values of the other."""
    for setting in (*list_durations(design, 0.0), *(setting for setting, _ in list_switches(design))):
        kept = setting.number < 0 or bool(other.wrappers)
        same = (
            setting.place not in PLACES
            or design.parts.get(setting.place) is None
            or (setting.place in other.parts and design.parts[setting.place].part == other.parts[setting.place].part)
        )
        if kept and same:
            yield setting, read_setting(other, setting)


def _change(design: Design, key: str, label: str, now: str, value: Any) -> SettingChange:
    return SettingChange(f"designs.{design.name}.{key}", label, now, value)
