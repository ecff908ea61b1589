"""Which items a design needs, and how often: the union over its parts, one item counted once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from simlib.decision.effort.items import EVERYTHING, EffortLedger, Item
from simlib.decision.effort.keys import GATEWAY, Key, bringing, design_keys, part_names
from simlib.scenario.design import Design


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


def work_of(
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


def times(item: Item, keys: tuple[Key, ...], counts: Counts) -> int:
    """How often a design with these keys needs an item; 0 when no part brings it."""
    brought = bringing(item.parts, keys)
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
    keys = (Key(EVERYTHING), *design_keys(design))
    found = {item.id: times(item, keys, counts) for item in items if item.kind == kind}
    return {name: number for name, number in found.items() if number}


def _migration(ledger: EffortLedger, design: Design, present: Design, counts: Counts) -> dict[str, int]:
    """Migration items, brought by the parts that only one of both has; a part that takes no work changes nothing."""
    changed = sorted((part_names(design) ^ part_names(present)) - set(ledger.none_because))
    keys = tuple(Key(name, name.startswith(f"{GATEWAY}:")) for name in changed)
    found = {item.id: times(item, keys, counts) for item in ledger.items if item.kind == "migration"}
    return {name: number for name, number in found.items() if number}
