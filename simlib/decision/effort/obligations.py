"""Normative obligations that the parts of a design bring: counts of what documents say MUST be done."""

from collections.abc import Mapping
from typing import NamedTuple

from simlib.decision.effort.facts import fact_rows, patterns_of
from simlib.decision.effort.items import EVERYTHING
from simlib.decision.effort.keys import bringing, design_keys
from simlib.scenario.design import Design


class Obligation(NamedTuple):
    """What one document asks of one actor; ``must`` is None where nobody has counted."""

    document: str
    actor: str
    must: int | None
    should: int | None
    how: str


def obligations_of(design: Design) -> tuple[Obligation, ...]:
    """The documents that this design brings beyond those that hold for every design."""
    keys = design_keys(design)
    return tuple(
        Obligation(row["document"], row["actor"], _count(row["must"]), _count(row["should"]), row["how"])
        for row in fact_rows("obligations")
        if row["parts"] != EVERYTHING and bringing(patterns_of(row["parts"]), keys)
    )


def must_counts(design: Design) -> Mapping[str, int]:
    """Actor ("RS", "AS", "client") -> how many obligations were counted beyond the common ones."""
    found = {"RS": 0, "AS": 0, "client": 0}
    for obligation in obligations_of(design):
        if obligation.actor in found:
            found[obligation.actor] += obligation.must or 0
    return found


def uncounted(design: Design) -> tuple[str, ...]:
    """Documents that hold for the design and that nobody has counted."""
    return tuple(obligation.document for obligation in obligations_of(design) if obligation.must is None)


def _count(cell: str) -> int | None:
    return int(cell) if cell else None
