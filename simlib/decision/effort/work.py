"""Work that a design needs: the union of the work items over its parts, and how often each is done.

A migration from a present design is what the new one needs more of, and the migration items of the parts that differ,
and of the settings on which work depends; changes of other settings are not charged.
Accepting two kinds of tokens and taking the old ones out belong to a change of the tokens' format alone.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from simlib.decision.effort.item_keys import (
    GATEWAY,
    Key,
    find_matching_keys,
    list_design_keys,
    list_format_keys,
    list_part_names,
)
from simlib.decision.effort.items import EVERYTHING, EffortLedger, Item
from simlib.scenario.design import Design
from simlib.scenario.hosts import ServerKind


@dataclass(frozen=True)
class Counts:
    """Numbers of API stacks (language and framework), API services, clients, and authorization servers.

    0 authorization servers: a third party builds and runs it, and its items cost nothing. ``server_kind`` "product":
    items that come with a product are there already. Raises ValueError for negative counts, or no stack or service.
    """

    stacks: int = 1
    services: int = 1
    clients: int = 1
    authorization_servers: int = 1
    server_kind: ServerKind = "built"

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

    From a present design only what the new one needs more of is built, and migration items are added; when neither a
    part nor the format of tokens differs nothing is done. Yearly work is that of the new design. ``common=False``
    leaves out the items that every design needs.
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
    """Multiplier of an item in a design with these keys; 0 when no part brings it, or a product has it already."""
    brought = find_matching_keys(item.parts, keys)
    if not brought or (item.with_product and counts.server_kind == "product"):
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
    """Migration items, brought by parts, and by settings on which work depends, that only one of both designs has.

    Parts without work do not count, nor do other settings, such as the lifetime of what is cached.
    """
    parts = (list_part_names(design) ^ list_part_names(present)) - set(ledger.none_because)
    settings = _list_working_settings(ledger, design) ^ _list_working_settings(ledger, present)
    changed = sorted(parts | settings)
    keys = (*(Key(name, name.startswith(f"{GATEWAY}:")) for name in changed), *list_format_keys(design, present))
    times = {item.id: count_times(item, keys, counts) for item in ledger.items if item.kind == "migration"}
    return {name: number for name, number in times.items() if number}


def _list_working_settings(ledger: EffortLedger, design: Design) -> set[str]:
    """Keys of settings that bring or exclude an item of the ledger, such as that of a shared cache."""
    patterns = tuple(pattern.removeprefix("!") for item in ledger.items for pattern in item.parts if "[" in pattern)
    keys = (key for key in list_design_keys(design) if key.name != key.part)
    return {key.name for key in find_matching_keys(patterns, tuple(keys))}


def list_product_items(ledger: EffortLedger, design: Design) -> tuple[str, ...]:
    """Ids of the items that a design needs and that come with a product, in the order of the ledger."""
    work = compute_work(ledger, design, Counts())
    return tuple(name for name in (item.id for item in ledger.items if item.with_product) if name in work.items)
