"""Faults and bad days: what goes wrong in a run, when, and for how long.

A `BadDay` holds faults by name. Their classes have the fields of ``[world.faults.NAME]`` in a scenario file, times in
seconds (``at_s``, ``length_s``). `simlib.plan_bad_days` returns a `DaysPlan` with the scenario's own faults or the
standard set, `simlib.run_bad_days` runs it, `simlib.judge_bad_days` returns (day, design) -> `DayCell`.

``BadDays.table`` has one row per day, design and replication: ``day``, ``design``, ``replication``, then the figures of
the fault's window and, with the prefix ``usual_``, of the same window in a run without faults. ``BadDays.goodput`` maps
(day, design) to right answers per second, an array with one value per second of the run; ("", design) is the run
without faults.
"""

from simlib.decision.bad_days import DayCell
from simlib.experiment.bad_days import BadDays
from simlib.experiment.bad_days_plan import DaysPlan
from simlib.scenario.bad_days import BadDay, load_standard_days
from simlib.scenario.faults import (
    ClockSkew,
    ColdStart,
    Down,
    JwksEmptied,
    KeyRotation,
    MassLogout,
    Partition,
    RandomTokenFlood,
    RefreshHerd,
    RetryStorm,
    Slow,
    StoreFull,
    StoreSlow,
    UnknownKidFlood,
)

__all__ = [
    "BadDay",
    "BadDays",
    "ClockSkew",
    "ColdStart",
    "DayCell",
    "DaysPlan",
    "Down",
    "JwksEmptied",
    "KeyRotation",
    "MassLogout",
    "Partition",
    "RandomTokenFlood",
    "RefreshHerd",
    "RetryStorm",
    "Slow",
    "StoreFull",
    "StoreSlow",
    "UnknownKidFlood",
    "load_standard_days",
]
