"""Work items with three-point estimates, and their ledger."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, get_args

from simlib.scenario.errors import InputError, describe_unknown

Kind = Literal["one_off", "recurring", "migration"]
"""Done once, done every year, or done once when a design in use is changed for another."""
ScalesWith = Literal["once_as", "once_org", "per_rs_stack", "per_rs_service", "per_client"]
"""Multiplier of an item: done for each AS, once, for each API stack (language and framework), service, or client."""
KINDS: tuple[str, ...] = get_args(Kind)
SCALES: tuple[str, ...] = get_args(ScalesWith)
EVERYTHING = "*"
"""The pattern of an item that every design needs."""


@dataclass(frozen=True)
class Item:
    """Work item: the parts that bring it, three estimates in person-days, and the failure without it.

    ``parts`` are patterns (`simlib.decision.effort.item_keys`): any that matches brings the item, one with a leading
    ``!`` that matches excludes it. ``low``, ``likely``, ``high`` are person-days per year for a recurring item.
    ``with_product``: an authorization server that is a product has it already, by ``product_source``.
    """

    id: str
    title: str
    parts: tuple[str, ...]
    actor: str
    kind: Kind
    scales_with: ScalesWith
    low: float
    likely: float
    high: float
    source: str
    failure_without: str
    basis: str
    with_product: bool = False
    product_source: str = ""

    @property
    def common(self) -> bool:
        """True if every design that issues OAuth 2.0 tokens needs it."""
        return EVERYTHING in self.parts

    @property
    def mean(self) -> float:
        """Mean of the beta-PERT distribution, person-days."""
        return (self.low + 4.0 * self.likely + self.high) / 6.0


@dataclass(frozen=True)
class EffortLedger:
    """Work items, the reason for each part without items, and the ``source`` of the estimates.

    ``base`` is the ledger before a team's own estimates replaced some of its own; None without any.
    """

    items: tuple[Item, ...]
    none_because: Mapping[str, str] = field(default_factory=dict)
    source: str = "simlib"
    base: "EffortLedger | None" = None

    @cached_property
    def by_id(self) -> Mapping[str, Item]:
        """Id -> item."""
        return {item.id: item for item in self.items}

    def list_own_items(self) -> tuple[str, ...]:
        """Ids of the items that a team's own estimates changed or added."""
        known = {} if self.base is None else self.base.by_id
        return () if self.base is None else tuple(item.id for item in self.items if item != known.get(item.id))

    def find_item(self, name: str) -> Item:
        """Item with an id; raises InputError for an unknown one."""
        if name not in self.by_id:
            raise InputError(describe_unknown("work item", name, self.by_id))
        return self.by_id[name]
