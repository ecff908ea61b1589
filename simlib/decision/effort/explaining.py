"""Explanation of effort: the work items of a design, or of one part; and seven reference designs to start without a
scenario, made of parts with their default settings.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import NamedTuple

from simlib.decision.effort.estimates import compute_expected_effort
from simlib.decision.effort.item_keys import (
    Key,
    find_matching_keys,
    is_match,
    list_design_keys,
    list_known_parts,
)
from simlib.decision.effort.items import EVERYTHING, EffortLedger, Item
from simlib.decision.effort.work import Counts, compute_work, list_product_items
from simlib.scenario.design import ChosenPart, Design, UserInformationSource
from simlib.scenario.errors import InputError, describe_unknown
from simlib.strategies import CATALOGUE
from simlib.strategies.base import describe_missing_package


class ItemExplanation(NamedTuple):
    """One item, how often it is done, and the keys of the design, or conditions on the part, that bring it."""

    item: Item
    times: int
    brought_by: tuple[str, ...]


def explain_design(
    ledger: EffortLedger, design: Design, counts: Counts, *, present: Design | None = None, common: bool = True
) -> tuple[ItemExplanation, ...]:
    """Items that are done once or every year for a design, in the order of the ledger.

    ``present``: the work that remains when that design exists already, migration included.
    """
    work = compute_work(ledger, design, counts, present=present, common=common)
    times = {**work.one_off, **work.yearly}
    keys = (Key(EVERYTHING), *list_design_keys(design))
    return tuple(
        ItemExplanation(item, times[item.id], _explain_item(item, keys, present))
        for item in ledger.items
        if item.id in times
    )


def _explain_item(item: Item, keys: tuple[Key, ...], present: Design | None) -> tuple[str, ...]:
    if item.kind == "migration" and present is not None:
        return (f"going over from {present.name}",)
    return (
        ("every design",)
        if item.common
        else tuple(dict.fromkeys(key.name for key in find_matching_keys(item.parts, keys)))
    )


def explain_part(
    ledger: EffortLedger, name: str, others: Iterable[str] = ()
) -> Mapping[str, tuple[ItemExplanation, ...]]:
    """``place:part`` -> the items that it brings, for a name such as "jwt_local" or "service:jwt_local".

    Places at which a part brings the same items are joined by commas. Items that only one setting of the part brings
    have it in ``brought_by``. Raises InputError for an unknown part; ``others`` are further names for its message.
    """
    parts = list_ledger_parts(ledger)
    selected = [part for part in parts if name in (part, part.partition(":")[2])]
    if not selected:
        names = (*others, *dict.fromkeys(part.partition(":")[2] for part in parts))
        raise InputError(describe_unknown("design or part", name, names))
    places: dict[tuple[ItemExplanation, ...], list[str]] = {}
    for part in selected:
        places.setdefault(_explain_part_items(ledger, part), []).append(part)
    return {", ".join(parts): items for items, parts in places.items()}


def list_ledger_parts(ledger: EffortLedger) -> tuple[str, ...]:
    """All ``place:part`` that exist or that the ledger names."""
    named = (pattern.removeprefix("!").partition("[")[0] for item in ledger.items for pattern in item.parts)
    return tuple(dict.fromkeys((*list_known_parts(), *(part for part in named if EVERYTHING not in part))))


def _explain_part_items(ledger: EffortLedger, part: str) -> tuple[ItemExplanation, ...]:
    explanations = []
    for item in ledger.items:
        positive = [pattern for pattern in item.parts if pattern != EVERYTHING and not pattern.startswith("!")]
        matching = [pattern for pattern in positive if is_match(pattern.partition("[")[0], part)]
        if matching and item.kind != "migration":
            always = any("[" not in pattern for pattern in matching)
            settings = tuple(pattern.partition("[")[2].removesuffix("]") for pattern in matching)
            explanations.append(ItemExplanation(item, 1, () if always else settings))
    return tuple(explanations)


def list_parts_without_items(ledger: EffortLedger, design: Design) -> tuple[str, ...]:
    """List ``place:part`` of a design for which the ledger has neither an item nor a reason: those of plug-ins."""
    parts = dict.fromkeys(key.part for key in list_design_keys(design))
    return tuple(part for part in parts if not (part in ledger.none_because or _has_items(ledger, part)))


def _has_items(ledger: EffortLedger, part: str) -> bool:
    patterns = (pattern.removeprefix("!").partition("[")[0] for item in ledger.items for pattern in item.parts)
    return any(pattern != EVERYTHING and is_match(pattern, part) for pattern in patterns)


def describe_missing_items(ledger: EffortLedger, designs: Mapping[str, Design]) -> tuple[str, ...]:
    """Describe the parts without items, one sentence each with the designs that have it."""
    using: dict[str, list[str]] = {}
    for name, design in designs.items():
        for part in list_parts_without_items(ledger, design):
            using.setdefault(part, []).append(name)
    return tuple(describe_missing_item(part, names) for part, names in using.items())


def describe_missing_item(part: str, designs: Iterable[str] = ()) -> str:
    """The sentence about one part without items."""
    names = ", ".join(designs)
    return f"No work items for the part {part}{f' ({names})' if names else ''}; give some with --effort."


def describe_server_kind(ledger: EffortLedger, designs: Mapping[str, Design], counts: Counts) -> str:
    """Describe whether the authorization server is built or a product, which items that leaves out, and their days."""
    needed = dict.fromkeys(name for design in designs.values() for name in list_product_items(ledger, design))
    names = ", ".join(item.id for item in ledger.items if item.id in needed)
    if not names:
        return ""
    built, bought = (
        compute_expected_effort(ledger, designs, replace(counts, server_kind=kind)) for kind in ("built", "product")
    )
    days = ", ".join(f"{built[name].one_off_days - bought[name].one_off_days:.1f} of {name}" for name in designs)
    if counts.server_kind == "product":
        return f"The authorization server is a product: {names} come with it and count nothing (person-days: {days})."
    return (
        'The authorization server counts as built, the default; with kind = "product" in [world.authorization_server] '
        f"{names} would count nothing (person-days: {days})."
    )


LIFETIME_S = 300.0
_JWT = {"service": "jwt_local", "authorization_server": "jwt_access_token"}
_OPAQUE = {"service": "opaque_introspection", "authorization_server": "reference_token"}
_SIGNING = {"authorization_server": "signing_reference_token"}
_REFERENCE_DESIGNS: tuple[tuple[str, str, Mapping[str, str], tuple[str, ...]], ...] = (
    ("opaque", "Opaque token, introspected at every request", _OPAQUE, ()),
    ("opaque_cache", "Opaque token, answers cached", _OPAQUE | {"service": "opaque_cached"}, ()),
    ("jwt", "JWT access token, verified by the service", _JWT, ()),
    ("jwt_denylist", "JWT access token with a denylist", _JWT, ("denylist_polled",)),
    ("jwe", "Encrypted JWT", {"service": "encrypted_jwt", "authorization_server": "encrypted_jwt"}, ()),
    ("opaque_idtoken", "Opaque token and identity token", _OPAQUE | _SIGNING | {"client": "openid_connect"}, ()),
    ("phantom", "Phantom token", _JWT | _SIGNING | {"gateway": "phantom_token"}, ()),
)
"""Name, title, parts by place, wrappers."""


def build_reference_designs() -> Mapping[str, Design]:
    """Name -> design: opaque, opaque_cache, jwt, jwt_denylist, jwe, opaque_idtoken, phantom.

    A design is left out when the optional package that one of its parts needs is not installed.
    """
    rows = (row for row in _REFERENCE_DESIGNS if not _describe_missing_package(row[2]))
    return MappingProxyType({row[0]: _build_design(*row) for row in rows})


def list_skipped_designs() -> Mapping[str, str]:
    """List the reference designs that are left out: name -> a sentence with the package and its extra."""
    missing = {name: _describe_missing_package(parts) for name, _, parts, _ in _REFERENCE_DESIGNS}
    return {name: f"design {name} is left out: {sentence}" for name, sentence in missing.items() if sentence}


def _describe_missing_package(parts: Mapping[str, str]) -> str:
    sentences = (describe_missing_package(CATALOGUE[place][part]) for place, part in parts.items())
    return next(filter(None, sentences), "")


def _build_design(name: str, title: str, parts: Mapping[str, str], wrappers: tuple[str, ...]) -> Design:
    introspects = parts["service"].startswith("opaque")
    information: UserInformationSource = "introspection" if introspects else "token"
    chosen = {place: _choose_part(place, part) for place, part in {"client": "bearer", **parts}.items()}
    wrapper_parts = tuple(_choose_part("wrappers", part) for part in wrappers)
    return Design(name, title, LIFETIME_S, information, MappingProxyType(chosen), MappingProxyType({}), wrapper_parts)


def _choose_part(place: str, part: str) -> ChosenPart:
    return ChosenPart(part, CATALOGUE[place][part].Settings())
