"""Figures of the process: busy times of the servers during one request, and sequence diagrams of a phase."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from simlib.analysis.latency_steps import find_checked_once
from simlib.analysis.utilisation import list_hosts
from simlib.report.figure_style import OKABE_ITO, apply_house_style
from simlib.scenario.hosts import AUTHORIZATION_SERVER, GATEWAY, RESOURCE_SERVERS, SERVICE, SHARED_STORE, find_host_kind
from simlib.scenario.records import Records
from simlib.tracing.steps import Step
from simlib.tracing.user_lifecycle import UserTrace

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
_NARROWEST_BAR = 0.004
"""Smallest width of a bar as a share of the time axis, so that it is visible."""


class BusyPeriod(NamedTuple):
    """Time in which a host (without its region) was busy: seconds since the request reached the first server."""

    lane: str
    start: float
    end: float


class RequestTimeline(NamedTuple):
    """Timeline of one request at the servers: busy periods of each, and the period of token checking.

    ``checking`` is one span where one host checks; where several do, it is as long as their checks together and
    ``several`` is true.
    """

    busy: tuple[BusyPeriod, ...]
    checking: tuple[float, float]
    several: bool = False


def build_timeline(records: Records, request: int) -> RequestTimeline:
    """The timeline of one finished request; needs records with visits (``run.detail = "visits"``).

    Raises ValueError when the request has no visits or was never validated.
    """
    visits, rows = records["visits"], records["requests"]
    own_visits = np.flatnonzero((visits["request"] == request) & np.isfinite(visits["end"]))
    row = np.flatnonzero(rows["request"] == request)
    if not own_visits.size or not np.isfinite(rows["decided"][row]).all():
        raise ValueError(f"request {request} has no recorded visits, or no verdict; run with detail = 'visits'")
    names = [records.names[host] for host in visits["host"]]
    origin = float(min(visits["arrival"][i] for i in own_visits if find_host_kind(names[i]) in RESOURCE_SERVERS))
    decided = float(rows["decided"][row[0]]) - origin
    busy = tuple(
        BusyPeriod(names[i].partition("@")[0], float(visits["arrival"][i]) - origin, float(visits["end"][i]) - origin)
        for i in own_visits
        if visits["arrival"][i] >= origin and find_host_kind(names[i]) in _LANES
    )
    several = len(list_hosts(records, *RESOURCE_SERVERS)) > 1
    return RequestTimeline(busy, (decided - float(rows["checking"][row[0]]), decided), several)


def find_comparable_request(designs: Mapping[str, Records], within_s: float = 0.003) -> int:
    """The first request that every design finished without a new token, and that shows the difference in checking.

    Of designs that call the authorization server for some requests only, it is one without a call. Its work at the
    servers ends within ``within_s`` seconds, so that token checking is visible beside it. Raises ValueError if there is
    none.
    """
    requests = set.intersection(*(_select_plain_requests(records) for records in designs.values()))
    for request in sorted(requests):
        timelines = [build_timeline(records, request) for records in designs.values()]
        if max(period.end for timeline in timelines for period in timeline.busy) <= within_s:
            return request
    raise ValueError(f"no request is finished in every design, without a new token, within {within_s:g} s")


def _select_plain_requests(records: Records) -> set[int]:
    rows = records["requests"]
    plain = find_checked_once(records) & (rows["obtaining"] == 0)
    quiet = plain & (rows["asked"] == rows["asked"][plain].min()) if plain.any() else plain
    return {int(request) for request in rows["request"][quiet]}


def timeline_figure(designs: Mapping[str, Records], request: int) -> "tuple[Figure, str]":
    """The same request under each design (title -> records), a panel each on one time axis; figure and description."""
    from matplotlib.figure import Figure

    timelines = {title: build_timeline(records, request) for title, records in designs.items()}
    last = max(period.end for timeline in timelines.values() for period in timeline.busy)
    lanes = _choose_lanes(timelines)
    with apply_house_style():
        figure = Figure(figsize=(9.6, 0.6 + (0.45 + 0.35 * len(lanes)) * len(timelines)), layout="constrained")
        panels = figure.subplots(len(timelines), 1, sharex=True, squeeze=False)[:, 0]
        for panel, (title, timeline) in zip(panels, timelines.items(), strict=True):
            _draw_timeline(panel, title, timeline, lanes, last)
        where = "first server" if any(timeline.several for timeline in timelines.values()) else "resource server"
        panels[-1].set_xlabel("milliseconds since the request reached the " + where)
    return figure, _describe_timelines(timelines)


def _choose_lanes(timelines: Mapping[str, RequestTimeline]) -> dict[str, tuple[str, str, str]]:
    """Label, colour and hatch per host; both servers always, the others where a design uses them."""
    used = dict.fromkeys(
        period.lane for timeline in timelines.values() for period in sorted(timeline.busy, key=lambda m: m.start)
    )
    lanes: dict[str, tuple[str, str, str]] = {}
    for kind, look in _LANES.items():
        if kind in used or kind in (SERVICE, AUTHORIZATION_SERVER):
            lanes[kind] = look
        inner_services = [lane for lane in used if kind == SERVICE and lane.startswith(f"{SERVICE}/")]
        lanes |= {lane: (f"service {lane.partition('/')[2]}", *_INNER) for lane in inner_services}
    return lanes


def _draw_timeline(
    axes: "Axes", title: str, timeline: RequestTimeline, lanes: Mapping[str, tuple[str, str, str]], last: float
) -> None:
    for row, (lane, (_, colour, hatch)) in enumerate(lanes.items()):
        periods = [period for period in timeline.busy if period.lane == lane]
        bars = [(m.start * _MS, max(m.end - m.start, _NARROWEST_BAR * last) * _MS) for m in periods]
        axes.broken_barh(bars, (row - 0.3, 0.6), facecolor=colour, hatch=hatch, edgecolor="white")
    start, end = (instant * _MS for instant in timeline.checking)
    if timeline.several:
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
    axes.set_title(title, loc="left" if timeline.several else "center")
    axes.set_yticks(range(len(lanes)), [label for label, _, _ in lanes.values()])
    axes.set_ylim(len(lanes) - 0.45, -0.75)
    axes.set_xlim(-0.02 * last * _MS, 1.02 * last * _MS)


def _describe_timelines(timelines: Mapping[str, RequestTimeline]) -> str:
    sentences = [
        f"{title}: token checking takes {(timeline.checking[1] - timeline.checking[0]) * _MS:.2f} ms"
        f"{_describe_helping_servers(timeline)}"
        for title, timeline in timelines.items()
    ]
    return "The same request at the servers. " + "; ".join(sentences) + "."


def _describe_helping_servers(timeline: RequestTimeline) -> str:
    servers = [
        _LANES[kind][0] for kind in (AUTHORIZATION_SERVER, SHARED_STORE) if any(m.lane == kind for m in timeline.busy)
    ]
    return f", with the {' and the '.join(servers)} at work" if servers else ", without calls to other servers"


ORDER = ("client", "bff", "gateway", "service")
"""From left to right; inner services, the authorization server and stores follow."""
_LAST = ("authorization_server", "shared_store", "store")
_ABBREVIATIONS = {"authorization_server": "AS", "service": "RS"}


def sequence_figure(traces: Sequence[UserTrace], phase: str) -> "tuple[Figure, str]":
    """The messages of one phase, a panel per design: time runs downwards, replies are dashed; figure and description.

    Messages in the background are dotted. Raises ValueError when no trace has messages in the phase.
    """
    from matplotlib.figure import Figure

    messages = [[step for step in trace.list_steps(phase) if step.kind in ("request", "reply")] for trace in traces]
    if not any(messages):
        raise ValueError(f"no messages in the phase {phase!r}")
    parties = _order_parties(messages)
    rows = max(len(steps) for steps in messages)
    with apply_house_style():
        figure = Figure(figsize=(9.6, 1.1 + 0.34 * rows), layout="constrained")
        panels = figure.subplots(1, len(traces), sharex=True, sharey=True, squeeze=False)[0]
        for panel, trace, steps in zip(panels, traces, messages, strict=True):
            _draw_sequence(panel, trace.design, steps, parties, rows)
    return figure, _describe_sequences(traces, messages, phase)


def _order_parties(messages: Sequence[Sequence[Step]]) -> list[str]:
    parties = {party for steps in messages for step in steps for party in (step.party, step.other)}
    inner = sorted(parties - set(ORDER) - set(_LAST))
    return [party for party in (*ORDER, *inner, *_LAST) if party in parties]


def _draw_sequence(axes: "Axes", title: str, steps: Sequence[Step], parties: list[str], rows: int) -> None:
    for place, party in enumerate(parties):
        axes.axvline(place, color="#BBBBBB", linewidth=1, zorder=0)
        axes.text(place, -0.9, _ABBREVIATIONS.get(party, party), ha="center", va="bottom", fontsize=8, weight="bold")
    for row, step in enumerate(steps):
        source, target = parties.index(step.party), parties.index(step.other)
        is_request = step.kind == "request"
        style = ":" if step.behind else "-" if is_request else "--"
        arrow = {"arrowstyle": "->", "linestyle": style, "color": OKABE_ITO[0 if is_request else 1], "linewidth": 1.3}
        axes.annotate("", (target, row), (source, row), arrowprops=arrow)
        text = step.what if is_request else str(step.status)
        axes.text((source + target) / 2, row - 0.08, text, ha="center", va="bottom", fontsize=7)
    axes.set_title(f"{title}: {len(steps)} messages", fontsize=9)
    axes.set_xlim(-0.5, len(parties) - 0.5)
    axes.set_ylim(rows - 0.3, -1.7)
    axes.axis("off")


def _describe_sequences(traces: Sequence[UserTrace], messages: Sequence[Sequence[Step]], phase: str) -> str:
    parts = []
    for trace, steps in zip(traces, messages, strict=True):
        requests = ", ".join(
            f"{step.party} requests {step.what} from {step.other}" for step in steps if step.kind == "request"
        )
        parts.append(f"{trace.design}, {len(steps)} messages: {requests or 'none'}.")
    return f"Sequence diagrams of the phase {phase}. {' '.join(parts)}"
