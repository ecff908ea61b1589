"""What a design is made of, as keys that work items are hung on.

A key is ``place:part``, such as ``service:jwt_local`` or ``wrappers:dpop``, and for each setting of a part one more,
such as ``service:opaque_cached[shared=true]``, ``wrappers:dpop[nonce_s>0]`` or
``authorization_server:jwt_access_token[algorithm=HS256]``. There are also ``flows:NAME``, ``refresh:rotation``,
``user_information:SOURCE`` and ``admission:HOST``. An inner service counts as a service. In a pattern ``*`` stands for
any text; ``!`` before a pattern spares what it matches.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, NamedTuple, get_args

from simlib.decision.effort.items import EVERYTHING
from simlib.flows import FLOWS
from simlib.scenario.design import Chosen, Design, UserInformationSource
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


def design_keys(design: Design) -> tuple[Key, ...]:
    """Every key of a design, each once and in the order of its places."""
    edge_is_gateway = gateway_checks(design)
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


def part_names(design: Design) -> frozenset[str]:
    """The keys of a design without those of settings."""
    return frozenset(key.part for key in design_keys(design))


def known_parts() -> tuple[str, ...]:
    """``place:part`` of everything that a design may be made of, flows included."""
    parts = {**CATALOGUE, FLOW: FLOWS}
    return (*(f"{place}:{name}" for place in PLACES for name in parts[place]), *OTHER_KEYS)


def is_known(pattern: str) -> bool:
    """Whether a pattern can match anything: a part that there is, and a setting that it has."""
    part, _, setting = pattern.removeprefix("!").removesuffix("]").partition("[")
    if part == EVERYTHING or part.startswith(f"{ADMISSION}:"):
        return not setting
    found = [name for name in known_parts() if matches(part, name)]
    name = re.split("[=>]", setting)[0]
    return bool(found) and (not setting or any(name in _settings_of(key) for key in found))


def bringing(patterns: tuple[str, ...], keys: tuple[Key, ...]) -> tuple[Key, ...]:
    """The keys that bring an item with these patterns; empty when none does or one of them spares it."""
    if any(matches(pattern[1:], key.name) for pattern in patterns if pattern.startswith("!") for key in keys):
        return ()
    return tuple(key for key in keys if any(matches(pattern, key.name) for pattern in patterns))


def matches(pattern: str, name: str) -> bool:
    """Whether a pattern fits a key as a whole."""
    return _compiled(pattern).fullmatch(name) is not None


@cache
def _compiled(pattern: str) -> "re.Pattern[str]":
    return re.compile(".*".join(re.escape(piece) for piece in pattern.split("*")))


def _keys(place: str, chosen: Chosen, at_gateway: bool) -> Iterator[Key]:
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
    renewing = any("refresh_token" in FLOWS[name].gives for name in names if name in FLOWS)
    return [*names, "refresh_token"] if renewing else names


def gateway_checks(design: Design) -> bool:
    """Whether tokens from clients are checked first at a gateway."""
    chosen = design.parts.get(GATEWAY)
    return chosen is not None and getattr(CATALOGUE[GATEWAY].get(chosen.part), "checks", True)
