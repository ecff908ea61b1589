"""Streams of requests before the run: at each enforcement point those with one credential, of which a few are made.

They are the ones on which the states of the replicas depend, drawn by `simlib.deployment.past_fetches`.
"""

import heapq
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import count

from simlib.deployment.deployment import Deployment
from simlib.deployment.enforcement_points import EnforcementPoint
from simlib.deployment.handlers import Handlers
from simlib.deployment.memory import Memory, measure_memories
from simlib.deployment.past import Past, Visit
from simlib.deployment.past_evictions import draw_present
from simlib.deployment.past_fetches import Fetch, Kind, draw_exponential, draw_fetches
from simlib.deployment.past_limits import PastLimits
from simlib.deployment.past_rooms import PastRooms
from simlib.scenario.hosts import name_in_region
from simlib.scenario.messages import HttpRequest

LEAST_RATE = 1e-12
Event = Callable[[], None]


@dataclass(frozen=True)
class Stream:
    """Requests with one credential at one enforcement point: since when (seconds, negative), how many per second.

    ``send`` makes one at a replica; ``first`` is the replica of the first one, where it is known.
    """

    user: int
    point: EnforcementPoint
    since: float
    rate: float
    name: str
    send: Callable[[int, HttpRequest], Visit | None]
    first: int | None = None


class PastStreams:
    """Events before the run, in the order of their instants, and the streams that make them."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._variates = deployment.variates
        self._service = deployment.world.service
        self._past = Past(deployment)
        # Requests of visitors go through states of their own, up to the point that is meant.
        beside = Handlers(deployment.world, deployment.parts, deployment.population.find_token)
        self._beside = Past(deployment, beside, self._past.clock)
        self._events: list[tuple[float, int, Event]] = []
        self._order = count()
        self._points = {point.target: point for point in deployment.enforcement_points}
        self._memories = self._map_memories()
        self._ordinals: dict[str, int] = {}
        self._rooms = PastRooms(deployment, self._memories, self._find_share)
        self._downstream: set[tuple[str, str, str]] = set()
        self._total = float(deployment.demand.rates.sum())
        self._limits = self._limit_calls()

    def _limit_calls(self) -> PastLimits | None:
        limit = self._deployment.world.authorization_server.rate_limit
        if limit is None:
            return None
        limits = PastLimits(self._deployment, limit, self._memories, self._find_share)
        self._deployment.handlers.bucket_levels = limits.draw_level
        return limits

    def _map_memories(self) -> dict[str, Memory]:
        measured = measure_memories(self._deployment.scenario, self._deployment.parts.design)
        base = self._deployment.regions[0]
        return {
            point.host: measured[host]
            for host in measured
            for point in self._deployment.enforcement_points
            if host == name_in_region(point.host.partition("@")[0], base)
        }

    def _run_events(self) -> None:
        while self._events:
            _, _, event = heapq.heappop(self._events)
            event()

    def _at(self, instant: float, event: Event) -> None:
        heapq.heappush(self._events, (instant, next(self._order), event))

    def _draw(self, purpose: str, subject: int) -> float:
        ordinal = self._ordinals.get(key := f"{purpose} {subject}", 0)
        self._ordinals[key] = ordinal + 1
        return self._variates.draw_one(f"warm.{purpose}", subject, ordinal)

    def _find_share(self, point: EnforcementPoint) -> float:
        """Share of all requests that come to a point."""
        return self._find_rate(point) / max(self._total, LEAST_RATE)

    def _find_rate(self, point: EnforcementPoint) -> float:
        """Requests per second at a point of one region."""
        regions = self._deployment.world.regions
        if regions is None:
            return self._total
        homes = self._deployment.demand.homes
        assert homes is not None
        at_home = float(self._deployment.demand.rates[homes == regions.names.index(point.region)].sum())
        roaming, others = regions.roaming_share, max(len(regions.names) - 1, 1)
        return at_home * (1 - roaming) + (self._total - at_home) * roaming / others

    # --- streams -------------------------------------------------------------------------------------------------

    def _begin_stream(self, stream: Stream) -> None:
        memory = self._memories[stream.point.host]
        replicas = 1 if memory.shared else stream.point.replicas
        purpose = f"{stream.point.host}{stream.name}"
        first = stream.first
        if first is None:
            first = int(self._draw(f"{purpose}.first", stream.user) * replicas)
        times_s = self._rooms.list_times_s(stream.point)
        # Where the server limits calls, some fetches are refused and come again with a later request.
        answered = self._limits.find_success_share(stream.point) if self._limits and not times_s else 1.0
        kinds, hows = self._list_kinds(memory, stream.rate / replicas * answered)
        for replica in range(replicas):
            draw = partial(self._draw, f"{purpose}.{replica}", stream.user)
            since = stream.since
            if replica != first:
                since += draw_exponential(stream.rate / replicas, draw())
            if answered < 1 and draw() >= answered:
                since += draw_exponential(stream.rate / replicas * answered, draw())
            if times_s and kinds:
                for fetch in draw_present(kinds, since, times_s, draw):
                    self._at(fetch.instant, partial(self._visit, stream, replica, fetch.instant, _join(fetch, hows)))
                continue
            fetches = draw_fetches(kinds, since, draw) if kinds else ()
            for fetch in fetches:
                if -fetch.instant <= memory.end_s or self._is_kept(fetch, kinds):
                    self._at(fetch.instant, partial(self._visit, stream, replica, fetch.instant, _join(fetch, hows)))
            if memory.by_use or memory.by_client or times_s:
                self._use_last(stream, replica, since, draw)
        if self._leads_on(stream.point, memory):
            self._at(stream.since, partial(self._visit, stream, max(first, 0), stream.since, HttpRequest()))

    def _is_kept(self, fetch: Fetch, kinds: list[Kind]) -> bool:
        return any(-fetch.instant < kinds[number].kept_s for number in fetch.kinds) or len(kinds) > 1

    def _list_kinds(self, memory: Memory, rate: float) -> tuple[list[Kind], list[HttpRequest]]:
        """Entries that a point keeps of one token, and the kind of request that needs each."""
        groups: tuple[tuple[tuple[float, ...], float, HttpRequest], ...] = (
            (memory.token, 1.0, HttpRequest()),
            (memory.informed, self._service.user_information_share, HttpRequest(needs_user_information=True)),
            (memory.sensitive, self._service.sensitive_share, HttpRequest(sensitive=True)),
        )
        listed = [(n, kept, part, how) for n, (lives, part, how) in enumerate(groups) for kept in lives]
        return [Kind(kept, rate * part, part, n) for n, kept, part, _ in listed], [how for *_, how in listed]

    def _leads_on(self, point: EnforcementPoint, memory: Memory) -> bool:
        """Whether points behind remember the tokens that all replicas send them."""
        behind = [
            self._points[name_in_region(target, point.region)]
            for target, kind in memory.onward.items()
            if kind == "same" or (kind == "replica" and not memory.token)
        ]
        return any(
            self._memories[other.host].of_tokens or self._leads_on(other, self._memories[other.host])
            for other in behind
        )

    def _use_last(self, stream: Stream, replica: int, since: float, draw: Callable[[], float]) -> None:
        """The last request before the run at a replica, where it matters when that was."""
        last = -draw_exponential(stream.rate / stream.point.replicas, draw())
        if last > since:
            self._at(last, partial(self._visit, stream, replica, last, HttpRequest()))

    def _visit(self, stream: Stream, replica: int, instant: float, how: HttpRequest) -> None:
        self._past.set_clock(instant, stream.user)
        visit = stream.send(replica, how)
        memory = self._memories[stream.point.host]
        for target, request in () if visit is None else visit.onward:
            kind = memory.onward[target]
            behind = self._points[name_in_region(target, stream.point.region)]
            credential = (behind.host, request.authorization, str(stream.user))
            if kind == "new" or credential in self._downstream:
                continue
            self._downstream.add(credential)
            own = kind == "replica"
            rate = stream.rate / stream.point.replicas if own and not memory.shared else stream.rate
            name = f"{stream.name}.{replica if own else 'all'}"
            send = partial(self._send_behind, behind, request)
            self._begin_stream(Stream(stream.user, behind, instant, rate, name, send))

    def _send_behind(self, point: EnforcementPoint, request: HttpRequest, replica: int, how: HttpRequest) -> Visit:
        informed, sensitive = how.needs_user_information, how.sensitive
        request = request._replace(needs_user_information=informed, sensitive=sensitive)
        return self._past.visit(point, replica, request)


def _join(fetch: Fetch, hows: list[HttpRequest]) -> HttpRequest:
    """A request that needs what is kept of several kinds."""
    own = [hows[number] for number in fetch.kinds]
    return HttpRequest(
        needs_user_information=any(how.needs_user_information for how in own),
        sensitive=any(how.sensitive for how in own),
    )
