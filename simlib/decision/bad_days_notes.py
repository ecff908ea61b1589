"""What a reader of bad days must keep in mind."""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping

from simlib.analysis.recovery import TAIL_S
from simlib.decision.bad_days import DayCell
from simlib.experiment.bad_days import BadDays
from simlib.scenario.design import Design


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
