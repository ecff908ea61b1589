"""Which items stand behind a number: of a design, or of one part wherever it stands.

Seven strategies as designs of simlib's parts, for whoever has no scenario yet; settings are those by default.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from simlib.decision.effort.item_keys import (
    Counts,
    Key,
    compute_work,
    find_matching_keys,
    is_match,
    list_design_keys,
    list_known_parts,
)
from simlib.decision.effort.items import EVERYTHING, EffortLedger, Item
from simlib.scenario.design import ChosenPart, Design, UserInformationSource
from simlib.scenario.errors import InputError, describe_unknown
from simlib.strategies import CATALOGUE


class ItemExplanation(NamedTuple):
    """One item, how often it is done, and what brings it: keys of the design, or conditions on the part."""

    item: Item
    times: int
    brought_by: tuple[str, ...]


def explain_design(
    ledger: EffortLedger, design: Design, counts: Counts, *, present: Design | None = None, common: bool = True
) -> tuple[ItemExplanation, ...]:
    """Every item that is done once or every year for a design, in the order of the ledger.

    ``present``: what is left to do when that design is there already, going over included.
    """
    work = compute_work(ledger, design, counts, present=present, common=common)
    times = {**work.one_off, **work.yearly}
    keys = (Key(EVERYTHING), *list_design_keys(design))
    return tuple(
        ItemExplanation(item, times[item.id], _because(item, keys, present))
        for item in ledger.items
        if item.id in times
    )


def _because(item: Item, keys: tuple[Key, ...], present: Design | None) -> tuple[str, ...]:
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

    Places at which a part brings the same items stand together, separated by commas. Items that only one setting of the
    part brings have it in ``because``. Raises InputError for an unknown part; ``others`` are names that it also tells.
    """
    known = list_ledger_parts(ledger)
    wanted = [part for part in known if name in (part, part.partition(":")[2])]
    if not wanted:
        names = (*others, *dict.fromkeys(part.partition(":")[2] for part in known))
        raise InputError(describe_unknown("design or part", name, names))
    places: dict[tuple[ItemExplanation, ...], list[str]] = {}
    for part in wanted:
        places.setdefault(_of_part(ledger, part), []).append(part)
    return {", ".join(parts): items for items, parts in places.items()}


def list_ledger_parts(ledger: EffortLedger) -> tuple[str, ...]:
    """Every ``place:part`` that there is or that the ledger names."""
    named = (pattern.removeprefix("!").partition("[")[0] for item in ledger.items for pattern in item.parts)
    return tuple(dict.fromkeys((*list_known_parts(), *(part for part in named if EVERYTHING not in part))))


def _of_part(ledger: EffortLedger, part: str) -> tuple[ItemExplanation, ...]:
    found = []
    for item in ledger.items:
        bringers = [pattern for pattern in item.parts if pattern != EVERYTHING and not pattern.startswith("!")]
        fitting = [pattern for pattern in bringers if is_match(pattern.partition("[")[0], part)]
        if fitting and item.kind != "migration":
            always = any("[" not in pattern for pattern in fitting)
            settings = tuple(pattern.partition("[")[2].removesuffix("]") for pattern in fitting)
            found.append(ItemExplanation(item, 1, () if always else settings))
    return tuple(found)


LIFETIME_S = 300.0


def build_reference_designs() -> Mapping[str, Design]:
    """Name -> design: opaque, opaque_cache, jwt, jwt_denylist, jwe, opaque_idtoken, phantom."""
    jwt = {"service": "jwt_local", "authorization_server": "jwt_access_token"}
    opaque = {"service": "opaque_introspection", "authorization_server": "reference_token"}
    signing = {"authorization_server": "signing_reference_token"}
    designs = (
        _design("opaque", "Opaque token, introspected at every request", opaque),
        _design("opaque_cache", "Opaque token, answers cached", opaque | {"service": "opaque_cached"}),
        _design("jwt", "JWT access token, verified by the service", jwt),
        _design("jwt_denylist", "JWT access token with a denylist", jwt, wrappers=("denylist_polled",)),
        _design("jwe", "Encrypted JWT", {"service": "encrypted_jwt", "authorization_server": "encrypted_jwt"}),
        _design("opaque_idtoken", "Opaque token and identity token", opaque | signing | {"client": "openid_connect"}),
        _design("phantom", "Phantom token", jwt | signing | {"gateway": "phantom_token"}),
    )
    return MappingProxyType({design.name: design for design in designs})


def _design(name: str, title: str, parts: Mapping[str, str], wrappers: tuple[str, ...] = ()) -> Design:
    asks = parts["service"].startswith("opaque")
    information: UserInformationSource = "introspection" if asks else "token"
    chosen = {place: _chosen(place, part) for place, part in {"client": "bearer", **parts}.items()}
    around = tuple(_chosen("wrappers", part) for part in wrappers)
    return Design(name, title, LIFETIME_S, information, MappingProxyType(chosen), MappingProxyType({}), around)


def _chosen(place: str, part: str) -> ChosenPart:
    return ChosenPart(part, CATALOGUE[place][part].Settings())
