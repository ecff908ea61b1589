"""Expected effort, exactly; and how far each item can move it."""

from collections.abc import Mapping
from typing import NamedTuple

from simlib.decision.effort.counting import Counts, work_of
from simlib.decision.effort.items import EffortLedger
from simlib.decision.effort.pert import pert_ppf
from simlib.scenario.design import Design


class ExpectedEffort(NamedTuple):
    """Means in person-days, the team factor at its median 1."""

    one_off_days: float
    yearly_days: float


class Swing(NamedTuple):
    """What one item does to a difference of two designs when it alone goes from its low to its high quantile.

    ``low_days`` and ``high_days`` are the differences in person-days (per year for a recurring item) that come of it.
    """

    item: str
    kind: str
    low_days: float
    high_days: float

    @property
    def width(self) -> float:
        """How far the difference moves."""
        return abs(self.high_days - self.low_days)


def expected_effort(
    ledger: EffortLedger,
    designs: Mapping[str, Design],
    counts: Counts,
    *,
    present: Design | None = None,
    common: bool = True,
) -> Mapping[str, ExpectedEffort]:
    """Design -> PERT means, person-days."""
    found = {}
    for name, design in designs.items():
        work = work_of(ledger, design, counts, present=present, common=common)
        found[name] = ExpectedEffort(_mean(ledger, work.one_off), _mean(ledger, work.yearly))
    return found


def effort_swings(
    ledger: EffortLedger,
    design: Design,
    against: Design,
    counts: Counts,
    *,
    present: Design | None = None,
    share: float = 0.9,
) -> tuple[Swing, ...]:
    """The tornado of ``design`` minus ``against``: each item alone at the ends of its central ``share``, widest first.

    All others stay at their means. Items that both need equally often move nothing and are left out.
    """
    ours = work_of(ledger, design, counts, present=present)
    theirs = work_of(ledger, against, counts, present=present)
    tail = (1 - share) / 2
    found = []
    for one, other, recurring in ((ours.one_off, theirs.one_off, False), (ours.yearly, theirs.yearly, True)):
        middle = _mean(ledger, one) - _mean(ledger, other)
        for name in dict.fromkeys((*one, *other)):
            item, more = ledger.item(name), one.get(name, 0) - other.get(name, 0)
            low, high = (float(pert_ppf(u, item.low, item.likely, item.high)) for u in (tail, 1 - tail))
            if more:
                kind = "recurring" if recurring else item.kind
                found.append(Swing(name, kind, middle + more * (low - item.mean), middle + more * (high - item.mean)))
    return tuple(sorted(found, key=lambda swing: (-swing.width, swing.item)))


def _mean(ledger: EffortLedger, times: Mapping[str, int]) -> float:
    return sum(number * ledger.item(name).mean for name, number in times.items())
