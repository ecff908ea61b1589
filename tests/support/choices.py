"""Decisions from figures and work items made by hand: nothing is simulated, every amount is chosen."""

from collections.abc import Mapping, Sequence
from typing import Any

from simlib.decision import Verdicts, judge_comparison
from simlib.decision.choice.cost_causes import CAUSES, CostCause
from simlib.decision.choice.decide import choose_design
from simlib.decision.choice.results import Decision
from simlib.decision.effort import EffortLedger, Item
from simlib.decision.effort.items import Kind
from simlib.decision.gain.values import Gain, Size, Structure, Surface
from simlib.experiment import Comparison
from support.comparisons import CACHED, JWT, OPAQUE, Figures, comparison

PARTS = {OPAQUE: f"service:{OPAQUE}", CACHED: f"service:{CACHED}", JWT: f"service:{JWT}"}
"""Design of the tiny scenario -> the part that only it has."""
KNOWN_PRICES: Mapping[str, float] = {
    "vcpu_hour": 0.05,
    "database_vcpu_hour": 0.1,
    "gigabyte": 0.02,
    "storage_gigabyte_month": 0.1,
    "developer_day": 500.0,
}
NOTHING: Figures = {}
NO_SURFACES: Mapping[str, Mapping[str, Surface]] = {}


def work(
    design: str, low: float, likely: float | None = None, high: float | None = None, kind: Kind = "one_off"
) -> Item:
    """One item of one design; a single estimate is certain."""
    likely, high = low if likely is None else likely, low if high is None else high
    name = f"{design}.{kind}.{low:g}"
    return Item(name, "Work", (PARTS[design],), "RS", kind, "once_org", low, likely, high, "here", "nothing", "test")


def ledger(*items: Item) -> EffortLedger:
    """Only these items; there must be one, for a design without work is known to nobody."""
    return EffortLedger(items)


def gain_of(compared: Comparison, extra: Figures = NOTHING, **more: Any) -> Gain:
    """The figures of a comparison, and others by design -> figure -> value."""
    table = compared.table.copy()
    for design, own in extra.items():
        for figure, value in own.items():
            if figure not in table:
                table[figure] = 0.0
            table.loc[table["design"] == design, figure] = value
    return Gain(table, **{"sizes": {}, "surfaces": NO_SURFACES, "lengths": {}, **more})


def sized(design: str, service: int, server: int, load: float = 20.0, met: bool = True, **more: Any) -> Size:
    """Servers of a design, found at a load."""
    whole = {"intervals": {}, "trials": (), **more}
    return Size(design, load, service, server, 0, 0.05 * (service + server), met, **whole)


def structure(**changes: Any) -> Structure:
    """A design that asks at every request, with changes."""
    whole = {
        **{"opaque_to_clients": True, "outage_tolerance_s": 0.0, "exposure_bound_s": 0.0},
        **{"expected_exposure_s": 0.0, "served": 0.0, "availability": 0.999, "row_bytes": 200.0, "row_life_s": 30.0},
    }
    return Structure(**{**whole, **changes})


def decided(
    figures: Figures = NOTHING,
    items: Sequence[Item] = (),
    *,
    extra: Figures = NOTHING,
    replications: int = 4,
    known: bool = True,
    gain: Mapping[str, Any] | None = None,
    draws: int = 600,
    sensitivity: bool = False,
    samples: int = 64,
    level: float | None = None,
    causes: tuple[CostCause, ...] = CAUSES,
    **changes: Any,
) -> Decision:
    """The decision over the tiny scenario's three designs.

    ``known``: all prices are given and certain. ``gain`` adds to what simulation says, ``causes`` are the costs that
    are counted, ``changes`` those of `support.scenarios.document`.
    """
    prices = {f"prices__{key}": value for key, value in KNOWN_PRICES.items()} if known else {}
    compared, verdicts = _judged(figures, replications, {**prices, **changes})
    own = ledger(*(items or (work(OPAQUE, 0.0),)))
    found = gain_of(compared, extra, **(gain or {}))
    return choose_design(
        compared.scenario,
        found,
        verdicts,
        own,
        draws=draws,
        sensitivity=sensitivity,
        samples=samples,
        level=level,
        causes=causes,
    )


def _judged(figures: Figures, replications: int, changes: Mapping[str, Any]) -> tuple[Comparison, Verdicts]:
    """A comparison and what is judged of it, which takes most of the time of a decision; equal ones are judged once."""
    key = repr((figures, replications, sorted(changes.items())))
    if key not in _JUDGED:
        compared = comparison(figures, replications, **changes)
        _JUDGED[key] = compared, judge_comparison(compared)
    return _JUDGED[key]


_JUDGED: dict[str, tuple[Comparison, Verdicts]] = {}
