"""Warm start: everything that servers remember is in its stationary state when a run begins, with ages drawn.

The requests of the past that the states depend on are drawn (`simlib.deployment.past_fetches`) and really made, outside
simulated time, in the order of their instants: at every enforcement point in each of its replicas. How long a point
remembers what is measured (`simlib.deployment.memory`), so no part says anything about it. Background work, such as
pollers, begins before the run and goes on in it. Only users who come in this run have a past.
"""

import heapq
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import count
from math import inf
from typing import Any

import numpy as np

from simlib.deployment.deployment import Deployment
from simlib.deployment.enforcement_points import EnforcementPoint
from simlib.deployment.handlers import Handlers
from simlib.deployment.memory import Memory, measure_memories
from simlib.deployment.offline_run import PastContext, run_until_sleep
from simlib.deployment.past import Past, Visit
from simlib.deployment.past_fetches import Fetch, Kind, draw_exponential, draw_fetches
from simlib.engine.hosts import HostContext
from simlib.scenario.effects import Context, Flow, Sleep
from simlib.scenario.hosts import BACKEND, name_in_region
from simlib.scenario.messages import HttpRequest
from simlib.strategies import BackgroundWorker, UserClient

LEAST_RATE = 1e-12
ROUNDS = 3
"""Periods for which background work has been going on when the run begins, beside the part of one."""
Event = Callable[[], None]


def warm_up(deployment: Deployment) -> None:
    """Bring a deployment into the state that it would have in the middle of a long run."""
    _WarmStart(deployment).run()


@dataclass(frozen=True)
class _Stream:
    """Requests with one credential at one enforcement point: since when (seconds, negative), how many per second.

    ``send`` makes one at a replica.
    """

    user: int
    point: EnforcementPoint
    since: float
    rate: float
    name: str
    send: Callable[[int, HttpRequest], Visit]


class _WarmStart:
    """Events before the run, in the order of their instants."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._variates = deployment.variates
        self._service = deployment.world.service
        self._past = Past(deployment)
        # Visitors' own requests go through states that nobody uses, up to the point that is meant.
        beside = Handlers(deployment.world, deployment.parts, deployment.population.find_token)
        self._beside = Past(deployment, beside, self._past.clock)
        self._events: list[tuple[float, int, Event]] = []
        self._order = count()
        self._points = {point.target: point for point in deployment.enforcement_points}
        self._memories = self._map_memories()
        self._ordinals: dict[str, int] = {}
        self._downstream: set[tuple[str, str, str]] = set()
        self._total = float(deployment.demand.rates.sum())

    def _map_memories(self) -> dict[str, Memory]:
        measured = measure_memories(self._deployment.scenario, self._deployment.parts.design)
        base = self._deployment.regions[0]
        return {
            point.host: measured[host]
            for host in measured
            for point in self._deployment.enforcement_points
            if host == name_in_region(point.host.partition("@")[0], base)
        }

    def run(self) -> None:
        """Draw the past and let it happen."""
        for point in self._deployment.enforcement_points:
            for replica in range(point.replicas):
                self._begin_background(point, replica)
                self._begin_common(point, replica)
        for user in sorted(set(self._deployment.demand.users.tolist())):
            self._begin_user(user)
        while self._events:
            _, _, event = heapq.heappop(self._events)
            event()

    def _at(self, instant: float, event: Event) -> None:
        heapq.heappush(self._events, (instant, next(self._order), event))

    def _draw(self, purpose: str, subject: int) -> float:
        ordinal = self._ordinals.get(key := f"{purpose} {subject}", 0)
        self._ordinals[key] = ordinal + 1
        return self._variates.draw_one(f"warm.{purpose}", subject, ordinal)

    # --- users ---------------------------------------------------------------------------------------------------

    def _begin_user(self, user: int) -> None:
        client = self._deployment.population.find_client(user)
        held = client.access_token
        if held is None or client.target == BACKEND:
            return
        since = held.expires_at - self._deployment.parts.config.token_lifetime_s
        for point, share in self._list_entries(user):
            rate = max(float(self._deployment.demand.rates[user]), LEAST_RATE) * share
            self._begin_stream(_Stream(user, point, since, rate, "", partial(self._send_as_client, client, point)))

    def _list_entries(self, user: int) -> list[tuple[EnforcementPoint, float]]:
        """The first points that a user's requests come to, and their shares."""
        firsts = [point for point in self._deployment.enforcement_points if point.first]
        regions = self._deployment.world.regions
        if regions is None or len(firsts) == 1:
            return [(firsts[0], 1.0)]
        home, away = self._deployment.find_home(user), regions.roaming_share
        if self._memories[firsts[0].host].shared:
            return [(point, 1.0) for point in firsts if point.region == home]
        shares = {p.host: 1 - away if p.region == home else away / (len(firsts) - 1) for p in firsts}
        return [(point, shares[point.host]) for point in firsts if shares[point.host] > 0]

    def _send_as_client(self, client: UserClient, point: EnforcementPoint, replica: int, how: HttpRequest) -> Visit:
        return self._past.request(client, point, replica, how).visits[-1]

    # --- streams -------------------------------------------------------------------------------------------------

    def _begin_stream(self, stream: _Stream) -> None:
        memory = self._memories[stream.point.host]
        replicas = 1 if memory.shared else stream.point.replicas
        purpose = f"{stream.point.host}{stream.name}"
        first = int(self._draw(f"{purpose}.first", stream.user) * replicas)
        kinds, hows = self._list_kinds(memory, stream.rate / replicas)
        leads_on = self._leads_on(memory)
        for replica in range(replicas):
            draw = partial(self._draw, f"{purpose}.{replica}", stream.user)
            since = stream.since
            if replica != first:
                since += draw_exponential(stream.rate / replicas, draw())
            fetches = draw_fetches(kinds, since, draw) if kinds else ()
            for fetch in fetches:
                if -fetch.instant <= memory.end_s or self._is_kept(fetch, kinds):
                    how = next((hows[number] for number in fetch.kinds if hows[number] != HttpRequest()), HttpRequest())
                    self._at(fetch.instant, partial(self._visit, stream, replica, fetch.instant, how))
            if memory.by_use or memory.by_client:
                self._use_last(stream, replica, since, draw)
        if leads_on and not memory.token:
            self._at(stream.since, partial(self._visit, stream, first, stream.since, HttpRequest()))

    def _is_kept(self, fetch: Fetch, kinds: list[Kind]) -> bool:
        return any(-fetch.instant < kinds[number].kept_s for number in fetch.kinds) or len(kinds) > 1

    def _list_kinds(self, memory: Memory, rate: float) -> tuple[list[Kind], list[HttpRequest]]:
        """What a point keeps of one token, and the kind of request that needs it."""
        listed = [(kept, 1.0, HttpRequest()) for kept in memory.token]
        share, sensitive = self._service.user_information_share, self._service.sensitive_share
        listed += [(kept, share, HttpRequest(needs_user_information=True)) for kept in memory.informed]
        listed += [(kept, sensitive, HttpRequest(sensitive=True)) for kept in memory.sensitive]
        return [Kind(kept, rate * part) for kept, part, _ in listed], [how for _, _, how in listed]

    def _leads_on(self, memory: Memory) -> bool:
        """Whether points behind remember tokens too."""
        return any(kind != "new" for kind in memory.onward.values())

    def _use_last(self, stream: _Stream, replica: int, since: float, draw: Callable[[], float]) -> None:
        """The last request before the run at a replica, where it matters when that was."""
        last = -draw_exponential(stream.rate / stream.point.replicas, draw())
        if last > since:
            self._at(last, partial(self._visit, stream, replica, last, HttpRequest()))

    def _visit(self, stream: _Stream, replica: int, instant: float, how: HttpRequest) -> None:
        self._past.set_clock(instant, stream.user)
        visit = stream.send(replica, how)
        memory = self._memories[stream.point.host]
        for target, request in visit.onward:
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
            self._begin_stream(_Stream(stream.user, behind, instant, rate, name, send))

    def _send_behind(self, point: EnforcementPoint, request: HttpRequest, replica: int, how: HttpRequest) -> Visit:
        return self._past.visit(point, replica, request)

    # --- what serves all tokens ----------------------------------------------------------------------------------

    def _begin_common(self, point: EnforcementPoint, replica: int) -> None:
        """Fetches of key sets and lists, by requests of visitors."""
        memory = self._memories.get(point.host)
        rate = self._find_rate(point) / point.replicas
        if memory is None or not memory.common or not rate > 0:
            return
        draw = partial(self._draw, f"{point.host}.{replica}.common", 0)
        kinds = [Kind(kept, rate) for kept in memory.common]
        fetches = draw_fetches(kinds, -inf, draw)
        if not fetches:  # fetched once and for all
            fetches = (Fetch(-self._deployment.parts.config.token_lifetime_s * draw(), (0,)),)
        for fetch in fetches:
            self._at(fetch.instant, partial(self._visit_common, point, replica, fetch.instant))

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

    def _visit_common(self, point: EnforcementPoint, replica: int, instant: float) -> None:
        visitor = self._deployment.world.population.users + 1
        self._past.set_clock(instant, visitor)
        client = UserClient(visitor, "", self._past.issue(visitor, point.region))
        first = next(p for p in self._deployment.enforcement_points if p.first and p.region == point.region)
        how = HttpRequest(needs_user_information=self._service.user_information_share > 0)
        if point is first:
            self._past.request(client, point, replica, how)
            return
        request = self._find_way(first, point, client, how)
        if request is not None:
            self._past.visit(point, replica, request)

    def _find_way(
        self, first: EnforcementPoint, point: EnforcementPoint, client: UserClient, how: HttpRequest
    ) -> HttpRequest | None:
        """What reaches a point behind when a client makes a request."""
        waiting = list(self._beside.request(client, first, 0, how).visits[-1].onward)
        while waiting:
            target, request = waiting.pop(0)
            behind = self._points[name_in_region(target, first.region)]
            if behind is point:
                return request
            waiting += self._beside.visit(behind, 0, request).onward
        return None

    # --- background work -----------------------------------------------------------------------------------------

    def _begin_background(self, point: EnforcementPoint, replica: int) -> None:
        """Begin the background work of a replica before the run, and let it go on in it."""
        validator = point.validator
        memory = self._memories.get(point.host)
        if memory is None or not isinstance(validator, BackgroundWorker) or not memory.period_s > 0:
            return
        context = _ChangingContext(PastContext(self._past.clock, replica))
        state = self._deployment.handlers.find_state(point, replica)
        begun = -ROUNDS * memory.period_s
        number = int(np.uint32(abs(hash_host(point.host)) + replica))
        going_on: list[Flow[None]] = []
        for flow in validator.list_background_tasks(context, state):
            self._at(begun, partial(self._go_on, point, flow, begun, number, going_on))
        self._deployment.handlers.continue_background(point.host, replica, partial(_continue_all, context, going_on))

    def _go_on(
        self, point: EnforcementPoint, flow: Flow[None], instant: float, number: int, going_on: list[Flow[None]]
    ) -> None:
        self._past.set_clock(instant, number)
        wait = run_until_sleep(flow, self._past.list_servers(point.region), None, self._past.clock)
        if wait is None:
            return
        until = instant + wait
        if until < 0:
            self._at(until, partial(self._go_on, point, flow, until, number, going_on))
        else:
            going_on.append(_continue(flow, until))


def hash_host(host: str) -> int:
    """A number of a host's own, the same in every process."""
    return int.from_bytes(host.encode()[:8], "big") % 1_000_003


class _ChangingContext:
    """The context of background work: in the past first, then the replica's own."""

    def __init__(self, past: Context) -> None:
        self.present: Any = past

    def now(self) -> float:
        """Seconds since the start of the run."""
        now: float = self.present.now()
        return now

    def random_bytes(self, purpose: str, length: int) -> bytes:
        """Bytes of the host."""
        data: bytes = self.present.random_bytes(purpose, length)
        return data


def _continue_all(context: _ChangingContext, flows: list[Flow[None]], own: HostContext) -> tuple[Flow[None], ...]:
    context.present = own
    return tuple(flows)


def _continue(flow: Flow[None], wait: float) -> Flow[None]:
    """The rest of a generator that waits."""
    yield Sleep(wait)
    yield from flow
