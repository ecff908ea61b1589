"""Verdicts of bad days: what a fault does to each design, in figures with intervals, words and notes."""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from simlib.analysis.fault_impact import TAIL_S
from simlib.analysis.intervals import Interval, compare_pairs, student
from simlib.experiment.bad_days import BadDays
from simlib.scenario.design import Design

if TYPE_CHECKING:
    import pandas as pd

DayWord = Literal["back at once", "recovered", "not recovered", "collapse", "unknown"]


@dataclass(frozen=True)
class DayCell:
    """One design on one day; all counts are means over the replications, from the beginning of the fault on.

    ``availability``: share of the requests arriving in the window of the day that got the right answer in time;
    ``difference``: its paired difference to the day without a fault. ``latency_s``: mean of the requests served there,
    late or not. ``word``: "back at once" when answers were as usual from the end of the fault on, "recovered" when they
    were so after ``recovery_s``, "not recovered" when they were not in some replication, "collapse" when a replication
    ended in a metastable failure, "unknown" when too few requests arrived. ``within_promise``: acceptances of revoked
    tokens that the design allows, ``more_within``: how many more these are than on the day without a fault.
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
    def wrong_acceptances(self) -> float:
        """Acceptances that the design does not allow."""
        return self.forged + self.expired + self.beyond_promise


def judge_bad_days(days: BadDays) -> Mapping[tuple[str, str], DayCell]:
    """(day, design) -> cell, in the order of the plan."""
    level = days.plan.scenario.run.level
    return {
        (day.name, design): _build_cell(day.name, design, _select_rows(days, day.name, design), level)
        for day in days.plan.days
        for design in days.plan.scenario.designs
    }


def _select_rows(days: BadDays, day: str, design: str) -> "pd.DataFrame":
    table = days.table
    return table[(table["day"] == day) & (table["design"] == design)].sort_values("replication")


def _build_cell(day: str, design: str, rows: "pd.DataFrame", level: float) -> DayCell:
    def compute_mean(name: str) -> float:
        values = rows[name].dropna()
        return float(values.mean()) if len(values) else math.nan

    return DayCell(
        day=day,
        design=design,
        availability=student(rows["availability_window"], level).limit(0.0, 1.0),
        difference=compare_pairs(rows["availability_window"], rows["usual_availability"], level).limit(-1.0, 1.0),
        run_availability=student(rows["availability_run"], level).limit(0.0, 1.0),
        latency_s=compute_mean("latency_window_s"),
        usual_latency_s=compute_mean("usual_latency_s"),
        word=_choose_word(rows),
        recovery_s=compute_mean("recovery_s"),
        refused_wrongly=compute_mean("refused_wrongly"),
        forged=compute_mean("accepted_forged"),
        expired=compute_mean("accepted_expired"),
        beyond_promise=compute_mean("accepted_beyond_promise"),
        within_promise=compute_mean("accepted_within_promise"),
        more_within=compute_mean("accepted_within_promise") - compute_mean("usual_accepted_within_promise"),
        as_peak_requests_per_s=compute_mean("as_peak_requests_per_s"),
        usual_as_peak_requests_per_s=compute_mean("usual_as_peak_requests_per_s"),
        as_peak_utilisation=compute_mean("as_peak_utilisation"),
    )


def _choose_word(rows: "pd.DataFrame") -> DayWord:
    observed = rows[rows["availability_window"].notna()]
    if not len(observed) or observed["collapsed"].isna().any():
        return "unknown"
    if (observed["collapsed"] == 1).any():
        return "collapse"
    if observed["recovery_s"].isna().any():
        return "not recovered"
    return "recovered" if bool(np.any(observed["recovery_s"] > 0)) else "back at once"


def list_bad_days_notes(days: BadDays, cells: Mapping[tuple[str, str], DayCell]) -> tuple[str, ...]:
    """Sentences about lifetimes, log-outs, days left out, collapses, and runs too short to observe a recovery."""
    return (
        *_note_lifetimes(days),
        *_note_logouts(days),
        *_note_omissions(days),
        *_note_collapses(days, cells),
        *_note_unrecovered(days, cells),
    )


def _note_lifetimes(days: BadDays) -> Iterator[str]:
    """A short outage flatters designs that use what was fetched before it."""
    window, holders = days.plan.window_s, defaultdict[str, list[str]](list)
    designs = days.plan.scenario.designs
    for name, design in designs.items():
        for kind, seconds in _list_lifetimes(design):
            if seconds > window:
                holders[f"{kind} for {seconds:g} s"].append(name)
    if holders:
        held = "; ".join(
            f"{kind} ({'all' if len(names) == len(designs) else ', '.join(names)})" for kind, names in holders.items()
        )
        yield (
            f"Designs use what they fetched before an outage: {held}. What expires during an outage is not renewed "
            f"before its end, and in {window:g} s little expires: longer outages cost more."
        )


def _list_lifetimes(design: Design) -> Iterator[tuple[str, float]]:
    """Kind and lifetime of what a design keeps; answers about a token are useful for at most its life."""
    life = design.token_lifetime_s
    yield "tokens", life
    for setting, kind, most in (("jwks_lifetime_s", "key sets", math.inf), ("ttl_s", "answers of the AS", life)):
        values = [getattr(chosen.settings, setting, None) for chosen in design.parts.values()]
        lifetimes = [value for value in values if value is not None]
        if lifetimes:
            yield kind, min(max(lifetimes), most)


def _note_logouts(days: BadDays) -> Iterator[str]:
    """Days on which a refusal is the right answer."""
    titles = [day.title for day in days.plan.days if any(f.kind == "mass_logout" for f in day.faults.values())]
    if titles:
        yield (
            f"{', '.join(titles)}: the right answer to users who are logged out is a refusal; an acceptance "
            "counts against the availability."
        )


def _note_omissions(days: BadDays) -> Iterator[str]:
    if days.plan.omitted:
        yield f"Left out, because this world has no such host: {', '.join(days.plan.omitted)}."


def _note_collapses(days: BadDays, cells: Mapping[tuple[str, str], DayCell]) -> Iterator[str]:
    for cell in cells.values():
        if cell.word == "collapse":
            title = days.plan.find_day(cell.day).title
            yield (
                f"{cell.design} collapsed ({title}): the fault was over, and a server went on working for requests "
                "whose callers had timed out, until the end of the run."
            )


def _note_unrecovered(days: BadDays, cells: Mapping[tuple[str, str], DayCell]) -> Iterator[str]:
    """Designs that had not recovered in runs that end too soon after the fault to call it a collapse."""
    unrecovered = [cell for cell in cells.values() if cell.word == "not recovered"]
    tail_s = {cell.day: _compute_tail_s(days, cell.day) for cell in unrecovered}
    short = [cell for cell in unrecovered if tail_s[cell.day] < TAIL_S]
    if short:
        names = ", ".join(
            f"{cell.design} ({days.plan.find_day(cell.day).title}, {tail_s[cell.day]:g} s after it)" for cell in short
        )
        yield (
            f"Had not recovered when the run ended: {names}. To recognise a collapse takes {TAIL_S:g} s after the "
            "fault; --length sets longer runs."
        )


def _compute_tail_s(days: BadDays, day: str) -> float:
    """Seconds from the end of a day's faults to the end of the run, the smallest of all replications."""
    plan = days.plan
    windows = (plan.find_window(plan.find_day(day), number) for number in range(plan.scenario.run.replications))
    return min((plan.scenario.horizon_s - window.end for window in windows if window is not None), default=math.inf)
