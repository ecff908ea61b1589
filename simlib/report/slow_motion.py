"""One request under several designs, drawn as what its servers do when."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from simlib.report.style import OKABE_ITO, house_style
from simlib.scenario.records import FINISHED, Records

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SERVICE_LANE, _AS_LANE = "resource server", "authorization server"
_ORDER = {GATEWAY: "gateway", SERVICE: _SERVICE_LANE, AUTHORIZATION_SERVER: _AS_LANE, SHARED_STORE: "shared store"}
_LOOKS = {GATEWAY: (2, "xxx"), SERVICE: (0, ""), AUTHORIZATION_SERVER: (1, "///"), SHARED_STORE: (3, "\\\\\\")}
_MS = 1e3


class Moment(NamedTuple):
    """What happened at one host from ``start`` to ``end``, in seconds since the request reached the first server."""

    host: str
    start: float
    end: float


class Course(NamedTuple):
    """One request at the servers: when each of them was busy with it, and when the token was being checked."""

    busy: tuple[Moment, ...]
    checking: tuple[float, float]


def course(records: Records, request: int) -> Course:
    """The course of one finished request; needs records with visits (``run.detail = "visits"``).

    Raises ValueError when the request has no visits or was never validated.
    """
    visits, rows = records["visits"], records["requests"]
    mine = np.flatnonzero((visits["request"] == request) & np.isfinite(visits["end"]))
    row = np.flatnonzero(rows["request"] == request)
    if not mine.size or not np.isfinite(rows["decided"][row]).all():
        raise ValueError(f"request {request} has no recorded visits, or no verdict; run with detail = 'visits'")
    at_servers = [i for i in mine if kind_of(records.names[visits["host"][i]]) in RESOURCE_SERVERS]
    origin = float(visits["arrival"][at_servers].min())
    decided = float(rows["decided"][row[0]]) - origin
    busy = tuple(
        Moment(records.names[visits["host"][i]], float(visits["arrival"][i]) - origin, float(visits["end"][i]) - origin)
        for i in mine
        if visits["arrival"][i] >= origin
    )
    return Course(busy, (decided - float(rows["checking"][row[0]]), decided))


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
    plain = (rows["outcome"] == FINISHED) & (rows["obtaining"] == 0) & (rows["validations"] == 1)
    quiet = plain & (rows["asked"] == rows["asked"][plain].min()) if plain.any() else plain
    return {int(request) for request in rows["request"][quiet]}


def slow_motion(designs: Mapping[str, Records], request: int) -> "tuple[Figure, str]":
    """The same request under each design (title -> records), a panel each on one time axis; figure and words."""
    from matplotlib.figure import Figure

    courses = {title: course(records, request) for title, records in designs.items()}
    last = max(moment.end for one in courses.values() for moment in one.busy)
    with house_style():
        figure = Figure(figsize=(9.6, 0.6 + 1.15 * len(courses)), layout="constrained")
        panels = figure.subplots(len(courses), 1, sharex=True, squeeze=False)[:, 0]
        for panel, (title, one) in zip(panels, courses.items(), strict=True):
            _draw(panel, title, one, last)
        panels[-1].set_xlabel("milliseconds since the request reached the resource server")
    return figure, _words(courses)


def _draw(axes: "Axes", title: str, one: Course, last: float) -> None:
    for row, lane in enumerate(_LANES):
        bars = [(moment.start * _MS, (moment.end - moment.start) * _MS) for moment in one.busy if moment.lane == lane]
        axes.broken_barh(bars, (row - 0.3, 0.6), facecolor=OKABE_ITO[row], hatch=("", "///")[row], edgecolor="white")
    start, end = (instant * _MS for instant in one.checking)
    axes.axvspan(start, end, color="#999999", alpha=0.25, linewidth=0)
    axes.annotate(
        f"token checking {end - start:.2f} ms",
        (end, -0.3),
        (4, 0),
        textcoords="offset points",
        va="bottom",
        fontsize=8.5,
    )
    axes.set_title(title)
    axes.set_yticks(range(len(_LANES)), list(_LANES.values()))
    axes.set_ylim(len(_LANES) - 0.45, -0.75)
    axes.set_xlim(-0.02 * last * _MS, 1.02 * last * _MS)


def _words(courses: Mapping[str, Course]) -> str:
    told = [
        f"{title}: token checking takes {(one.checking[1] - one.checking[0]) * _MS:.2f} ms"
        + (", with the authorization server at work" if _asks(one) else ", and no other server is asked")
        for title, one in courses.items()
    ]
    return "The same request at the servers. " + "; ".join(told) + "."


def _asks(one: Course) -> bool:
    return any(moment.lane == "authorization_server" for moment in one.busy)
