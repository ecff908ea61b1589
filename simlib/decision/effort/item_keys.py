"""What a design is made of, as keys that work items are hung on.

A key is ``place:part``, such as ``service:jwt_local`` or ``wrappers:dpop``, and for each setting of a part one more,
such as ``service:opaque_cached[shared=true]``, ``wrappers:dpop[nonce_s>0]`` or
``authorization_server:jwt_access_token[algorithm=HS256]``. There are also ``flows:NAME``, ``refresh:rotation``,
``user_information:SOURCE`` and ``admission:HOST``. An inner service counts as a service. In a pattern ``*`` stands for
any text; ``!`` before a pattern spares what it matches.

Which items a design needs, and how often: the union over its parts, one item counted once.
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
    """One key of a design; ``at_gateway``: the work is done in the gateway and not in the services."""

    name: str
    at_gateway: bool = False

    @property
    def part(self) -> str:
        """``place:part`` without the setting."""
        return self.name.partition("[")[0]


def list_design_keys(design: Design) -> tuple[Key, ...]:
    """Every key of a design, each once and in the order of its places."""
    edge_is_gateway = has_checking_gateway(design)
    found = [key for place, chosen in design.parts.items() for key in _keys(_place(place), chosen, place == GATEWAY)]
    for chosen in design.wrappers:
        kind = CATALOGUE[WRAPPERS].get(chosen.part)
        at_edge, everywhere = getattr(kind, "at_edge", False), getattr(kind, "everywhere", False)
        found += _keys(WRAPPERS, chosen, edge_is_gateway and at_edge)
        if edge_is_gateway and everywhere:
            found += _keys(WRAPPERS, chosen, not at_edge)
    found += [Key(f"{FLOW}:{name}") for name in _flows(design)]
    found += [Key("refresh:rotation")] if design.refresh.rotation else []
    found += [Key(f"user_information:{design.user_information}")]
    found += [Key(f"{ADMISSION}:{host}", host == GATEWAY) for host in getattr(design, ADMISSION, ())]
    return tuple(dict.fromkeys(found))


def list_part_names(design: Design) -> frozenset[str]:
    """The keys of a design without those of settings."""
    return frozenset(key.part for key in list_design_keys(design))


def list_known_parts() -> tuple[str, ...]:
    """``place:part`` of everything that a design may be made of, flows included."""
    parts = {**CATALOGUE, FLOW: FLOWS}
    return (*(f"{place}:{name}" for place in PLACES for name in parts[place]), *OTHER_KEYS)


def is_known(pattern: str) -> bool:
    """Whether a pattern can match anything: a part that there is, and a setting that it has."""
    part, _, setting = pattern.removeprefix("!").removesuffix("]").partition("[")
    if part == EVERYTHING or part.startswith(f"{ADMISSION}:"):
        return not setting
    found = [name for name in list_known_parts() if is_match(part, name)]
    name = re.split("[=>]", setting)[0]
    return bool(found) and (not setting or any(name in _settings_of(key) for key in found))


def find_matching_keys(patterns: tuple[str, ...], keys: tuple[Key, ...]) -> tuple[Key, ...]:
    """The keys that bring an item with these patterns; empty when none does or one of them spares it."""
    if any(is_match(pattern[1:], key.name) for pattern in patterns if pattern.startswith("!") for key in keys):
        return ()
    return tuple(key for key in keys if any(is_match(pattern, key.name) for pattern in patterns))


def is_match(pattern: str, name: str) -> bool:
    """Whether a pattern fits a key as a whole."""
    return _compiled(pattern).fullmatch(name) is not None


@cache
def _compiled(pattern: str) -> "re.Pattern[str]":
    return re.compile(".*".join(re.escape(piece) for piece in pattern.split("*")))


def _keys(place: str, chosen: ChosenPart, at_gateway: bool) -> Iterator[Key]:
    yield Key(f"{place}:{chosen.part}", at_gateway)
    if is_dataclass(chosen.settings):
        values = {entry.name: getattr(chosen.settings, entry.name) for entry in fields(chosen.settings)}
        for name, value in values.items():
            if (told := _told(name, value)) is not None:
                yield Key(f"{place}:{chosen.part}[{told}]", at_gateway)


def _told(name: str, value: Any) -> str | None:
    """A setting in a key; none for lists, which no item depends on."""
    if isinstance(value, bool):
        return f"{name}={str(value).lower()}"
    if isinstance(value, int | float):
        return f"{name}>0" if value > 0 else f"{name}=0"
    return f"{name}={value}" if isinstance(value, str) else None


def _settings_of(key: str) -> tuple[str, ...]:
    place, _, name = key.partition(":")
    kind: Mapping[str, Any] = CATALOGUE.get(place, {})
    return tuple(entry.name for entry in fields(kind[name].Settings)) if name in kind else ()


def _place(place: str) -> str:
    return SERVICE if place == "inner_service" else place


def _flows(design: Design) -> list[str]:
    """The flows by which clients sign in, and the one by which they renew what some of these give."""
    names = list(dict.fromkeys(name for name in design.flows.values() if name))
    renewing = any("refresh_token" in FLOWS[name].token_kinds for name in names if name in FLOWS)
    return [*names, "refresh_token"] if renewing else names


def has_checking_gateway(design: Design) -> bool:
    """Whether tokens from clients are checked first at a gateway."""
    chosen = design.parts.get(GATEWAY)
    return chosen is not None and getattr(CATALOGUE[GATEWAY].get(chosen.part), "checks", True)


@dataclass(frozen=True)
class Counts:
    """How many API stacks (language and framework), API services, clients, and authorization servers there are.

    No authorization server means that somebody else builds and runs it: its items then cost nothing. Raises ValueError
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
    """The items of a design; with ``present``, what is left to do when that design is there already.

    From a present design only what the new one needs more of is built, and migration items come on top; when no part
    differs nothing is done. What is done every year is the new design's own. ``common=False`` leaves out the items
    that every design needs.
    """
    items = [item for item in ledger.items if common or not item.common]
    one_off = _times(items, "one_off", design, counts)
    if present is not None:
        there = _times(items, "one_off", present, counts)
        more = {name: times - there.get(name, 0) for name, times in one_off.items()}
        one_off = {name: times for name, times in more.items() if times > 0} | _migration(
            ledger, design, present, counts
        )
    return Work(one_off, _times(items, "recurring", design, counts))


def count_times(item: Item, keys: tuple[Key, ...], counts: Counts) -> int:
    """How often a design with these keys needs an item; 0 when no part brings it."""
    brought = find_matching_keys(item.parts, keys)
    if not brought:
        return 0
    once = {"once_org": 1, "once_as": counts.authorization_servers, "per_client": counts.clients}
    if item.scales_with in once:
        return once[item.scales_with]
    each = counts.stacks if item.scales_with == "per_rs_stack" else counts.services
    if item.common:  # whether a gateway checks tokens too changes nothing in what everybody needs
        return each
    return each * any(not key.at_gateway for key in brought) + any(key.at_gateway for key in brought)


def _times(items: Iterable[Item], kind: str, design: Design, counts: Counts) -> dict[str, int]:
    keys = (Key(EVERYTHING), *list_design_keys(design))
    found = {item.id: count_times(item, keys, counts) for item in items if item.kind == kind}
    return {name: number for name, number in found.items() if number}


def _migration(ledger: EffortLedger, design: Design, present: Design, counts: Counts) -> dict[str, int]:
    """Migration items, brought by the parts that only one of both has; a part that takes no work changes nothing."""
    changed = sorted((list_part_names(design) ^ list_part_names(present)) - set(ledger.none_because))
    keys = tuple(Key(name, name.startswith(f"{GATEWAY}:")) for name in changed)
    found = {item.id: count_times(item, keys, counts) for item in ledger.items if item.kind == "migration"}
    return {name: number for name, number in found.items() if number}
