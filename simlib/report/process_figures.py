"""One request under several designs, drawn as what its servers do when.

Who talks to whom: one phase of a user's life under several designs, as sequence diagrams side by side.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from simlib.analysis.latency_steps import checked_once
from simlib.analysis.utilisation import hosts_of
from simlib.report.figure_style import OKABE_ITO, house_style
from simlib.scenario.hosts import AUTHORIZATION_SERVER, GATEWAY, RESOURCE_SERVERS, SERVICE, SHARED_STORE, kind_of
from simlib.scenario.records import Records
from simlib.tracing.tracer import Step
from simlib.tracing.user_lifecycle import Life

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_LANES = {
    GATEWAY: ("gateway", "#009E73", "xxx"),
    SERVICE: ("resource server", OKABE_ITO[0], ""),
    AUTHORIZATION_SERVER: ("authorization server", OKABE_ITO[1], "///"),
    SHARED_STORE: ("shared store", "#CC79A7", "..."),
}
"""Kind of host -> its label, colour and hatch, in the order of the lanes."""
_INNER = ("#56B4E9", "\\\\\\")
_MS = 1e3
_LEAST = 0.004
"""Share of the time axis that a bar has at least, so that it is seen."""


class Moment(NamedTuple):
    """What one host, whatever its region, did from ``start`` to ``end``: seconds since the request reached a server."""

    lane: str
    start: float
    end: float


class Course(NamedTuple):
    """One request at the servers: when each of them was busy with it, and when the token was being checked.

    ``checking`` is one span where one host checks; where several do, it is as long as their checks together and
    ``several`` is true.
    """

    busy: tuple[Moment, ...]
    checking: tuple[float, float]
    several: bool = False


def course(records: Records, request: int) -> Course:
    """The course of one finished request; needs records with visits (``run.detail = "visits"``).

    Raises ValueError when the request has no visits or was never validated.
    """
    visits, rows = records["visits"], records["requests"]
    mine = np.flatnonzero((visits["request"] == request) & np.isfinite(visits["end"]))
    row = np.flatnonzero(rows["request"] == request)
    if not mine.size or not np.isfinite(rows["decided"][row]).all():
        raise ValueError(f"request {request} has no recorded visits, or no verdict; run with detail = 'visits'")
    names = [records.names[host] for host in visits["host"]]
    origin = float(min(visits["arrival"][i] for i in mine if kind_of(names[i]) in RESOURCE_SERVERS))
    decided = float(rows["decided"][row[0]]) - origin
    busy = tuple(
        Moment(names[i].partition("@")[0], float(visits["arrival"][i]) - origin, float(visits["end"][i]) - origin)
        for i in mine
        if visits["arrival"][i] >= origin and kind_of(names[i]) in _LANES
    )
    several = len(hosts_of(records, *RESOURCE_SERVERS)) > 1
    return Course(busy, (decided - float(rows["checking"][row[0]]), decided), several)


def comparable_request(designs: Mapping[str, Records], within_s: float = 0.003) -> int:
    """A request that shows the difference: the first that every design finished without fetching or losing a token.

    Where a design asked for some tokens and not for others, one it did not ask for; and one whose work at the servers
    is over within ``within_s`` seconds, so that token checking can be seen beside it. Raises ValueError without any.
    """
    shown = set.intersection(*(_plain(records) for records in designs.values()))
    for request in sorted(shown):
        courses = [course(records, request) for records in designs.values()]
        if max(moment.end for one in courses for moment in one.busy) <= within_s:
            return request
    raise ValueError(f"no request is finished in every design, without a new token, within {within_s:g} s")


def _plain(records: Records) -> set[int]:
    rows = records["requests"]
    plain = checked_once(records) & (rows["obtaining"] == 0)
    quiet = plain & (rows["asked"] == rows["asked"][plain].min()) if plain.any() else plain
    return {int(request) for request in rows["request"][quiet]}


def slow_motion(designs: Mapping[str, Records], request: int) -> "tuple[Figure, str]":
    """The same request under each design (title -> records), a panel each on one time axis; figure and words."""
    from matplotlib.figure import Figure

    courses = {title: course(records, request) for title, records in designs.items()}
    last = max(moment.end for one in courses.values() for moment in one.busy)
    lanes = _lanes(courses)
    with house_style():
        figure = Figure(figsize=(9.6, 0.6 + (0.45 + 0.35 * len(lanes)) * len(courses)), layout="constrained")
        panels = figure.subplots(len(courses), 1, sharex=True, squeeze=False)[:, 0]
        for panel, (title, one) in zip(panels, courses.items(), strict=True):
            _draw_course(panel, title, one, lanes, last)
        where = "first server" if any(one.several for one in courses.values()) else "resource server"
        panels[-1].set_xlabel("milliseconds since the request reached the " + where)
    return figure, _describe_courses(courses)


def _lanes(courses: Mapping[str, Course]) -> dict[str, tuple[str, str, str]]:
    """Label, colour and hatch per host; both servers always, the others where a design uses them."""
    met = dict.fromkeys(moment.lane for one in courses.values() for moment in sorted(one.busy, key=lambda m: m.start))
    found: dict[str, tuple[str, str, str]] = {}
    for kind, look in _LANES.items():
        if kind in met or kind in (SERVICE, AUTHORIZATION_SERVER):
            found[kind] = look
        inner = [lane for lane in met if kind == SERVICE and lane.startswith(f"{SERVICE}/")]
        found |= {lane: (f"service {lane.partition('/')[2]}", *_INNER) for lane in inner}
    return found


def _draw_course(axes: "Axes", title: str, one: Course, lanes: Mapping[str, tuple[str, str, str]], last: float) -> None:
    for row, (lane, (_, colour, hatch)) in enumerate(lanes.items()):
        mine = [moment for moment in one.busy if moment.lane == lane]
        bars = [(m.start * _MS, max(m.end - m.start, _LEAST * last) * _MS) for m in mine]
        axes.broken_barh(bars, (row - 0.3, 0.6), facecolor=colour, hatch=hatch, edgecolor="white")
    start, end = (instant * _MS for instant in one.checking)
    if one.several:
        axes.set_title(f"token checking {end - start:.2f} ms in all", loc="right", fontsize=8.5)
    else:
        axes.axvspan(start, end, color="#999999", alpha=0.25, linewidth=0)
        axes.annotate(
            f"token checking {end - start:.2f} ms",
            (end, -0.3),
            (4, 0),
            textcoords="offset points",
            va="bottom",
            fontsize=8.5,
        )
    axes.set_title(title, loc="left" if one.several else "center")
    axes.set_yticks(range(len(lanes)), [label for label, _, _ in lanes.values()])
    axes.set_ylim(len(lanes) - 0.45, -0.75)
    axes.set_xlim(-0.02 * last * _MS, 1.02 * last * _MS)


def _describe_courses(courses: Mapping[str, Course]) -> str:
    told = [
        f"{title}: token checking takes {(one.checking[1] - one.checking[0]) * _MS:.2f} ms{_asked(one)}"
        for title, one in courses.items()
    ]
    return "The same request at the servers. " + "; ".join(told) + "."


def _asked(one: Course) -> str:
    helping = [
        _LANES[kind][0] for kind in (AUTHORIZATION_SERVER, SHARED_STORE) if any(m.lane == kind for m in one.busy)
    ]
    return f", with the {' and the '.join(helping)} at work" if helping else ", and no other server is asked"


ORDER = ("client", "bff", "gateway", "service")
"""From left to right; inner services, the authorization server and stores follow."""
_LAST = ("authorization_server", "shared_store", "store")
_SHORT = {"authorization_server": "AS", "service": "RS"}


def sequence_figure(lives: Sequence[Life], phase: str) -> "tuple[Figure, str]":
    """The messages of one phase, a panel per design: time runs downwards, replies are dashed; figure and words.

    What nobody waits for is dotted. Raises ValueError when no life has messages in the phase.
    """
    from matplotlib.figure import Figure

    told = [[step for step in life.of(phase) if step.kind in ("request", "reply")] for life in lives]
    if not any(told):
        raise ValueError(f"nobody says anything in the phase {phase!r}")
    parties = _parties(told)
    rows = max(len(steps) for steps in told)
    with house_style():
        figure = Figure(figsize=(9.6, 1.1 + 0.34 * rows), layout="constrained")
        panels = figure.subplots(1, len(lives), sharex=True, sharey=True, squeeze=False)[0]
        for panel, life, steps in zip(panels, lives, told, strict=True):
            _draw_sequence(panel, life.design, steps, parties, rows)
    return figure, _describe_sequences(lives, told, phase)


def _parties(told: Sequence[Sequence[Step]]) -> list[str]:
    found = {party for steps in told for step in steps for party in (step.party, step.other)}
    inner = sorted(found - set(ORDER) - set(_LAST))
    return [party for party in (*ORDER, *inner, *_LAST) if party in found]


def _draw_sequence(axes: "Axes", title: str, steps: Sequence[Step], parties: list[str], rows: int) -> None:
    for place, party in enumerate(parties):
        axes.axvline(place, color="#BBBBBB", linewidth=1, zorder=0)
        axes.text(place, -0.9, _SHORT.get(party, party), ha="center", va="bottom", fontsize=8, weight="bold")
    for row, step in enumerate(steps):
        here, there = parties.index(step.party), parties.index(step.other)
        is_request = step.kind == "request"
        style = ":" if step.behind else "-" if is_request else "--"
        arrow = {"arrowstyle": "->", "linestyle": style, "color": OKABE_ITO[0 if is_request else 1], "linewidth": 1.3}
        axes.annotate("", (there, row), (here, row), arrowprops=arrow)
        words = step.what if is_request else str(step.status)
        axes.text((here + there) / 2, row - 0.08, words, ha="center", va="bottom", fontsize=7)
    axes.set_title(f"{title}: {len(steps)} messages", fontsize=9)
    axes.set_xlim(-0.5, len(parties) - 0.5)
    axes.set_ylim(rows - 0.3, -1.7)
    axes.axis("off")


def _describe_sequences(lives: Sequence[Life], told: Sequence[Sequence[Step]], phase: str) -> str:
    parts = []
    for life, steps in zip(lives, told, strict=True):
        asked = ", ".join(f"{step.party} asks {step.other} for {step.what}" for step in steps if step.kind == "request")
        parts.append(f"{life.design}, {len(steps)} messages: {asked or 'none'}.")
    return f"Sequence diagrams of the phase {phase}. {' '.join(parts)}"
