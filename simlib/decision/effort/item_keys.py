"""Keys of a design, by which work items are brought, and the work that a design needs: the union over its parts.

A key is ``place:part``, such as ``service:jwt_local`` or ``wrappers:dpop``, and for each setting of a part one more,
such as ``service:opaque_cached[shared=true]``, ``wrappers:dpop[nonce_s>0]`` or
``authorization_server:jwt_access_token[algorithm=HS256]``. There are also ``flows:NAME``, ``refresh:rotation``,
``user_information:SOURCE`` and ``admission:HOST``. An inner service counts as a service. In a pattern ``*`` stands for
any text; ``!`` before a pattern excludes what it matches. One item is counted once.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from typing import Any, NamedTuple, get_args

from simlib.decision.effort.items import EVERYTHING, EffortLedger, Item
from simlib.flows import FLOWS
from simlib.scenario.design import ChosenPart, Design, UserInformationSource
from simlib.strategies import CATALOGUE

GATEWAY, SERVICE, WRAPPERS, FLOW = "gateway", "service", "wrappers", "flows"
ADMISSION = "admission"
PLACES = ("client", GATEWAY, SERVICE, "downstream", "authorization_server", WRAPPERS, FLOW)
"""Places of parts that are counted; ``inner_service`` is one with ``service``."""
OTHER_KEYS = ("refresh:rotation", *(f"user_information:{source}" for source in get_args(UserInformationSource)))


class Key(NamedTuple):
    """Key of a design; ``at_gateway``: the work is done in the gateway and not in the services."""

    name: str
    at_gateway: bool = False

    @property
    def part(self) -> str:
        """``place:part`` without the setting."""
        return self.name.partition("[")[0]


def list_design_keys(design: Design) -> tuple[Key, ...]:
    """Keys of a design, each once and in the order of its places."""
    edge_is_gateway = has_checking_gateway(design)
    keys = [
        key
        for place, chosen in design.parts.items()
        for key in _list_part_keys(_normalise_place(place), chosen, place == GATEWAY)
    ]
    for chosen in design.wrappers:
        kind = CATALOGUE[WRAPPERS].get(chosen.part)
        at_edge, everywhere = getattr(kind, "at_edge", False), getattr(kind, "everywhere", False)
        keys += _list_part_keys(WRAPPERS, chosen, edge_is_gateway and at_edge)
        if edge_is_gateway and everywhere:
            keys += _list_part_keys(WRAPPERS, chosen, not at_edge)
    keys += [Key(f"{FLOW}:{name}") for name in _list_flows(design)]
    keys += [Key("refresh:rotation")] if design.refresh.rotation else []
    keys += [Key(f"user_information:{design.user_information}")]
    keys += [Key(f"{ADMISSION}:{host}", host == GATEWAY) for host in getattr(design, ADMISSION, ())]
    return tuple(dict.fromkeys(keys))


def list_part_names(design: Design) -> frozenset[str]:
    """The keys of a design without those of settings."""
    return frozenset(key.part for key in list_design_keys(design))


def list_known_parts() -> tuple[str, ...]:
    """``place:part`` of all parts that a design may have, flows included."""
    parts = {**CATALOGUE, FLOW: FLOWS}
    return (*(f"{place}:{name}" for place in PLACES for name in parts[place]), *OTHER_KEYS)


def is_known(pattern: str) -> bool:
    """Whether a pattern can match: its part exists and has its setting."""
    part, _, setting = pattern.removeprefix("!").removesuffix("]").partition("[")
    if part == EVERYTHING or part.startswith(f"{ADMISSION}:"):
        return not setting
    keys = [name for name in list_known_parts() if is_match(part, name)]
    name = re.split("[=>]", setting)[0]
    return bool(keys) and (not setting or any(name in _list_settings(key) for key in keys))


def find_matching_keys(patterns: tuple[str, ...], keys: tuple[Key, ...]) -> tuple[Key, ...]:
    """Keys that bring an item with these patterns; empty when a pattern excludes it."""
    if any(is_match(pattern[1:], key.name) for pattern in patterns if pattern.startswith("!") for key in keys):
        return ()
    return tuple(key for key in keys if any(is_match(pattern, key.name) for pattern in patterns))


def is_match(pattern: str, name: str) -> bool:
    """Whether a pattern fits a key as a whole."""
    return _compile_pattern(pattern).fullmatch(name) is not None


@cache
def _compile_pattern(pattern: str) -> "re.Pattern[str]":
    return re.compile(".*".join(re.escape(piece) for piece in pattern.split("*")))


def _list_part_keys(place: str, chosen: ChosenPart, at_gateway: bool) -> Iterator[Key]:
    yield Key(f"{place}:{chosen.part}", at_gateway)
    if is_dataclass(chosen.settings):
        values = {entry.name: getattr(chosen.settings, entry.name) for entry in fields(chosen.settings)}
        for name, value in values.items():
            if (setting := _format_setting(name, value)) is not None:
                yield Key(f"{place}:{chosen.part}[{setting}]", at_gateway)


def _format_setting(name: str, value: Any) -> str | None:
    """Setting as in a key; None for lists, on which no item depends."""
    if isinstance(value, bool):
        return f"{name}={str(value).lower()}"
    if isinstance(value, int | float):
        return f"{name}>0" if value > 0 else f"{name}=0"
    return f"{name}={value}" if isinstance(value, str) else None


def _list_settings(key: str) -> tuple[str, ...]:
    place, _, name = key.partition(":")
    kind: Mapping[str, Any] = CATALOGUE.get(place, {})
    return tuple(entry.name for entry in fields(kind[name].Settings)) if name in kind else ()


def _normalise_place(place: str) -> str:
    return SERVICE if place == "inner_service" else place


def _list_flows(design: Design) -> list[str]:
    """Flows by which clients sign in, and the one by which they refresh tokens, where some flow issues these."""
    names = list(dict.fromkeys(name for name in design.flows.values() if name))
    renewing = any("refresh_token" in FLOWS[name].token_kinds for name in names if name in FLOWS)
    return [*names, "refresh_token"] if renewing else names


def has_checking_gateway(design: Design) -> bool:
    """Whether tokens from clients are checked first at a gateway."""
    chosen = design.parts.get(GATEWAY)
    return chosen is not None and getattr(CATALOGUE[GATEWAY].get(chosen.part), "checks", True)


@dataclass(frozen=True)
class Counts:
    """Numbers of API stacks (language and framework), API services, clients, and authorization servers.

    0 authorization servers: a third party builds and runs it, and its items cost nothing. Raises ValueError
    for negative counts, or no stack or service.
    """

    stacks: int = 1
    services: int = 1
    clients: int = 1
    authorization_servers: int = 1

    def __post_init__(self) -> None:
        for name, least in (("stacks", 1), ("services", 1), ("clients", 0), ("authorization_servers", 0)):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < least:
                raise ValueError(f"{name}: must be a whole number of at least {least}, not {value!r}")


@dataclass(frozen=True)
class Work:
    """Item id -> how often it is done: once for all, and in each year."""

    one_off: Mapping[str, int]
    yearly: Mapping[str, int]

    @property
    def items(self) -> tuple[str, ...]:
        """Ids of all items, those done once first."""
        return tuple(dict.fromkeys((*self.one_off, *self.yearly)))


def compute_work(
    ledger: EffortLedger, design: Design, counts: Counts, *, present: Design | None = None, common: bool = True
) -> Work:
    """Items of a design; with ``present``, the work that remains when that design exists already.

    From a present design only what the new one needs more of is built, and migration items are added; when no part
    differs nothing is done. Yearly work is that of the new design. ``common=False`` leaves out the items that every
    design needs.
    """
    items = [item for item in ledger.items if common or not item.common]
    one_off = _count_items(items, "one_off", design, counts)
    if present is not None:
        existing = _count_items(items, "one_off", present, counts)
        more = {name: times - existing.get(name, 0) for name, times in one_off.items()}
        one_off = {name: times for name, times in more.items() if times > 0} | _count_migration(
            ledger, design, present, counts
        )
    return Work(one_off, _count_items(items, "recurring", design, counts))


def count_times(item: Item, keys: tuple[Key, ...], counts: Counts) -> int:
    """How often a design with these keys needs an item; 0 when no part brings it."""
    brought = find_matching_keys(item.parts, keys)
    if not brought:
        return 0
    once = {"once_org": 1, "once_as": counts.authorization_servers, "per_client": counts.clients}
    if item.scales_with in once:
        return once[item.scales_with]
    each = counts.stacks if item.scales_with == "per_rs_stack" else counts.services
    if item.common:  # a gateway that checks tokens changes nothing in what every design needs
        return each
    return each * any(not key.at_gateway for key in brought) + any(key.at_gateway for key in brought)


def _count_items(items: Iterable[Item], kind: str, design: Design, counts: Counts) -> dict[str, int]:
    keys = (Key(EVERYTHING), *list_design_keys(design))
    times = {item.id: count_times(item, keys, counts) for item in items if item.kind == kind}
    return {name: number for name, number in times.items() if number}


def _count_migration(ledger: EffortLedger, design: Design, present: Design, counts: Counts) -> dict[str, int]:
    """Migration items, brought by parts that only one of both designs has; parts without work do not count."""
    changed = sorted((list_part_names(design) ^ list_part_names(present)) - set(ledger.none_because))
    keys = tuple(Key(name, name.startswith(f"{GATEWAY}:")) for name in changed)
    times = {item.id: count_times(item, keys, counts) for item in ledger.items if item.kind == "migration"}
    return {name: number for name, number in times.items() if number}
