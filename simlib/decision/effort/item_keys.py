"""Keys of a design, by which work items are brought.

A key is ``place:part``, such as ``service:jwt_local`` or ``wrappers:dpop``, and for each setting of a part one more,
such as ``service:opaque_cached[shared=true]``, ``wrappers:dpop[nonce_s>0]`` or
``authorization_server:jwt_access_token[algorithm=HS256]``. There are also ``flows:NAME``, ``refresh:rotation``,
``user_information:SOURCE`` and ``admission:HOST``. An inner service counts as a service. Of a migration there are
``token_format:service`` and ``token_format:gateway``: hosts that must accept tokens of another format than before. In a
pattern ``*`` stands for any text; ``!`` before a pattern excludes what it matches. One item is counted once.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cache, lru_cache
from typing import Any, NamedTuple, get_args

from simlib.decision.effort.items import EVERYTHING
from simlib.flows import FLOWS
from simlib.scenario.design import ChosenPart, Design, UserInformationSource
from simlib.strategies import CATALOGUE

GATEWAY, SERVICE, WRAPPERS, FLOW = "gateway", "service", "wrappers", "flows"
ADMISSION = "admission"
PLACES = ("client", GATEWAY, SERVICE, "downstream", "authorization_server", WRAPPERS, FLOW)
"""Places of parts that are counted; ``inner_service`` is one with ``service``."""
TOKEN_FORMAT = "token_format"
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
    if part == EVERYTHING or part.startswith((f"{ADMISSION}:", f"{TOKEN_FORMAT}:")):
        return not setting
    keys = [name for name in list_known_parts() if is_match(part, name)]
    name = re.split("[=>]", setting)[0]
    return bool(keys) and (not setting or any(name in _list_settings(key) for key in keys))


@lru_cache(maxsize=8192)
def find_matching_keys(patterns: tuple[str, ...], keys: tuple[Key, ...]) -> tuple[Key, ...]:
    """Keys that bring an item with these patterns; empty when a pattern excludes it."""
    excluding = _compile_patterns(tuple(pattern[1:] for pattern in patterns if pattern.startswith("!")))
    if any(excluding.fullmatch(key.name) for key in keys):
        return ()
    bringing = _compile_patterns(patterns)
    return tuple(key for key in keys if bringing.fullmatch(key.name))


def is_match(pattern: str, name: str) -> bool:
    """Whether a pattern fits a key as a whole."""
    return _compile_patterns((pattern,)).fullmatch(name) is not None


@cache
def _compile_patterns(patterns: tuple[str, ...]) -> "re.Pattern[str]":
    """Compile an expression that any of these patterns fits; without patterns, one that nothing fits."""
    alternatives = [".*".join(re.escape(piece) for piece in pattern.split("*")) for pattern in patterns]
    return re.compile("|".join(alternatives) if alternatives else "(?!)")


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


class TokenFormats(NamedTuple):
    """Formats of a design's tokens: what clients hold, the part that swaps it at the gateway, what services accept.

    ``swap`` is empty where services get the token that clients hold. A JWT under a shared secret is another format than
    one under a key pair: its validators have no key set.
    """

    issued: str
    swap: str
    at_services: str


def find_token_formats(design: Design) -> TokenFormats:
    """Formats that clients, gateway, services and authorization server see."""
    issuer, gateway = design.parts["authorization_server"], design.parts.get(GATEWAY)
    issued = _name_format(issuer, getattr(CATALOGUE["authorization_server"].get(issuer.part), "token_format", None))
    forwards = None if gateway is None else getattr(CATALOGUE[GATEWAY].get(gateway.part), "forwards", None)
    if gateway is None or forwards is None:
        return TokenFormats(issued, "", issued)
    return TokenFormats(issued, gateway.part, _name_format(issuer, forwards))


def _name_format(issuer: ChosenPart, token_format: Any) -> str:
    """Name of a format; that of a part which declares none, such as one of a plug-in, is the part's name."""
    if token_format is None:
        return issuer.part
    algorithm = str(getattr(issuer.settings, "algorithm", ""))
    secret = " with a shared secret" if token_format.is_self_contained and algorithm.startswith("HS") else ""
    return f"{token_format}{secret}"


def list_format_keys(design: Design, present: Design) -> tuple[Key, ...]:
    """Keys of the hosts that accept other tokens than in the present design; none where the formats are the same."""
    new, old = find_token_formats(design), find_token_formats(present)
    keys = [Key(f"{TOKEN_FORMAT}:{SERVICE}")] if new.at_services != old.at_services else []
    gateways = has_checking_gateway(design) or has_checking_gateway(present)
    if gateways and new[:2] != old[:2]:
        keys.append(Key(f"{TOKEN_FORMAT}:{GATEWAY}", at_gateway=True))
    return tuple(keys)
