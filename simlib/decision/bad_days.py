"""What a bad day did to a design, in numbers with intervals and in words.

What a reader of bad days must keep in mind.
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from simlib.analysis.fault_impact import TAIL_S
from simlib.analysis.intervals import Interval, paired, student
from simlib.experiment.bad_days import BadDays
from simlib.scenario.design import Design

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


def bad_days_notes(days: BadDays, cells: Mapping[tuple[str, str], DayCell]) -> tuple[str, ...]:
    """Sentences about the length of the days, log-outs, what was left out, and collapses."""
    return (*_lives(days), *_logouts(days), *_left_out(days), *_collapses(days, cells), *_unseen(days, cells))


def _lives(days: BadDays) -> Iterator[str]:
    """A short outage flatters whoever lives on what was fetched before."""
    window, kept = days.plan.window_s, defaultdict[str, list[str]](list)
    designs = days.plan.scenario.designs
    for name, design in designs.items():
        for what, seconds in _kept(design):
            if seconds > window:
                kept[f"{what} for {seconds:g} s"].append(name)
    if kept:
        told = "; ".join(f"{what} ({'all' if len(n) == len(designs) else ', '.join(n)})" for what, n in kept.items())
        yield (
            f"Designs live on what they had before an outage: {told}. What ends during an outage is not renewed before "
            f"it is over, and in {window:g} s little ends: longer outages cost more."
        )


def _kept(design: Design) -> Iterator[tuple[str, float]]:
    """What and for how long; no answer about a token is of use for longer than the token."""
    life = design.token_lifetime_s
    yield "tokens", life
    for setting, what, most in (("jwks_lifetime_s", "key sets", math.inf), ("ttl_s", "answers of the AS", life)):
        values = [getattr(chosen.settings, setting, None) for chosen in design.parts.values()]
        known = [value for value in values if value is not None]
        if known:
            yield what, min(max(known), most)


def _logouts(days: BadDays) -> Iterator[str]:
    """A day on which to be served is wrong."""
    titles = [day.title for day in days.plan.days if any(f.kind == "mass_logout" for f in day.faults.values())]
    if titles:
        yield (
            f"{', '.join(titles)}: the right answer to those who are logged out is a refusal; who is served "
            "all the same counts against the availability."
        )


def _left_out(days: BadDays) -> Iterator[str]:
    if days.plan.left_out:
        yield f"Left out, because this world has no such host: {', '.join(days.plan.left_out)}."


def _collapses(days: BadDays, cells: Mapping[tuple[str, str], DayCell]) -> Iterator[str]:
    for cell in cells.values():
        if cell.word == "collapse":
            title = days.plan.day(cell.day).title
            yield (
                f"{cell.design} collapsed ({title}): the cause was gone, and a server went on working for callers that "
                "had left, until the end of the run."
            )


def _unseen(days: BadDays, cells: Mapping[tuple[str, str], DayCell]) -> Iterator[str]:
    """Who had not recovered, in runs that end too soon after the fault to call it a collapse."""
    waiting = [cell for cell in cells.values() if cell.word == "not recovered"]
    after_s = {cell.day: _after_s(days, cell.day) for cell in waiting}
    short = [cell for cell in waiting if after_s[cell.day] < TAIL_S]
    if short:
        told = ", ".join(
            f"{cell.design} ({days.plan.day(cell.day).title}, {after_s[cell.day]:g} s after it)" for cell in short
        )
        yield (
            f"Had not recovered when the run ended: {told}. Whether that is a collapse takes {TAIL_S:g} s after the "
            "fault to tell; --length takes longer runs."
        )


def _after_s(days: BadDays, day: str) -> float:
    """Seconds from the end of a day's faults to the end of the run, in the replication with the fewest of them."""
    plan = days.plan
    windows = (plan.window(plan.day(day), number) for number in range(plan.scenario.run.replications))
    return min((plan.scenario.horizon_s - own.end for own in windows if own is not None), default=math.inf)
