"""What a bad day did to a design, in numbers with intervals and in words."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from simlib.analysis.intervals import Interval, paired, student
from simlib.experiment.bad_days import BadDays

if TYPE_CHECKING:
    import pandas as pd

DayWord = Literal["back at once", "recovered", "not recovered", "collapse", "unknown"]


@dataclass(frozen=True)
class DayCell:
    """One design on one day; all counts are means over the replications, from the beginning of the fault on.

    ``availability`` is the share of the requests arriving in the window of the day that got the right answer in time,
    ``difference`` what that is more than on the day without a fault, pair by pair. ``latency_s`` is the mean of those
    that were served there, late or not. ``word``: "back at once" when answers
    were as usual from the end of the fault on, "recovered" when they were so after ``recovery_s``, "not recovered" when
    nobody saw them be in some replication, "collapse" when a replication ended in a metastable failure, "unknown" when
    too few requests came to tell. ``within_promise`` counts acceptances of revoked tokens that the design allows,
    ``more_within`` how many more these are than on the day without a fault.
    """

    day: str
    design: str
    availability: Interval
    difference: Interval
    run_availability: Interval
    latency_s: float
    usual_latency_s: float
    word: DayWord
    recovery_s: float
    refused_wrongly: float
    forged: float
    expired: float
    beyond_promise: float
    within_promise: float
    more_within: float
    as_peak_requests_per_s: float
    usual_as_peak_requests_per_s: float
    as_peak_utilisation: float

    @property
    def accepted_wrongly(self) -> float:
        """Accepted against what the design promises."""
        return self.forged + self.expired + self.beyond_promise


def judge_bad_days(days: BadDays) -> Mapping[tuple[str, str], DayCell]:
    """(day, design) -> cell, in the order of the plan."""
    level = days.plan.scenario.run.level
    return {
        (day.name, design): _cell(day.name, design, _rows(days, day.name, design), level)
        for day in days.plan.days
        for design in days.plan.scenario.designs
    }


def _rows(days: BadDays, day: str, design: str) -> "pd.DataFrame":
    table = days.table
    return table[(table["day"] == day) & (table["design"] == design)].sort_values("replication")


def _cell(day: str, design: str, rows: "pd.DataFrame", level: float) -> DayCell:
    def mean(name: str) -> float:
        values = rows[name].dropna()
        return float(values.mean()) if len(values) else math.nan

    return DayCell(
        day=day,
        design=design,
        availability=student(rows["availability_window"], level),
        difference=paired(rows["availability_window"], rows["usual_availability"], level),
        run_availability=student(rows["availability_run"], level),
        latency_s=mean("latency_window_s"),
        usual_latency_s=mean("usual_latency_s"),
        word=_word(rows),
        recovery_s=mean("recovery_s"),
        refused_wrongly=mean("refused_wrongly"),
        forged=mean("accepted_forged"),
        expired=mean("accepted_expired"),
        beyond_promise=mean("accepted_beyond_promise"),
        within_promise=mean("accepted_within_promise"),
        more_within=mean("accepted_within_promise") - mean("usual_accepted_within_promise"),
        as_peak_requests_per_s=mean("as_peak_requests_per_s"),
        usual_as_peak_requests_per_s=mean("usual_as_peak_requests_per_s"),
        as_peak_utilisation=mean("as_peak_utilisation"),
    )


def _word(rows: "pd.DataFrame") -> DayWord:
    happened = rows[rows["availability_window"].notna()]
    if not len(happened) or happened["collapsed"].isna().any():
        return "unknown"
    if (happened["collapsed"] == 1).any():
        return "collapse"
    if happened["recovery_s"].isna().any():
        return "not recovered"
    return "recovered" if bool(np.any(happened["recovery_s"] > 0)) else "back at once"
