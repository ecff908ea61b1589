"""Memory of enforcement points: how long the state of a replica makes later requests cheaper, measured on its parts.

No setting is read. Requests are made, outside simulated time, at a deployment of the same design that is there for
nothing else, and what a second request does without is found for every distance in time from the first. So parts of
plug-ins are covered too.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from math import inf
from typing import Any

from simlib.deployment.deployment import Deployment
from simlib.deployment.enforcement_points import EnforcementPoint
from simlib.deployment.handlers import Handlers
from simlib.deployment.offline_run import PastContext, run_until_sleep
from simlib.deployment.parts import find_part
from simlib.deployment.past import ClientVisits, Past, list_targets_behind
from simlib.scenario.design import Design
from simlib.scenario.effects import Flow
from simlib.scenario.hosts import name_in_region
from simlib.scenario.loads import PoissonLoad
from simlib.scenario.messages import HttpRequest
from simlib.scenario.scenario import Scenario
from simlib.scenario.sinks import MemorySink
from simlib.scenario.variates import Variates
from simlib.stores import STORES
from simlib.strategies import BackgroundWorker, ClientToken, UserClient

LONGEST_S = 1e8
"""A memory that is as long as this has no end."""
FIRST, OTHER = 0, 1
PRECISION = 1e-6
BESIDES = 1e-5
ROUNDS = 4
"""Waits of background work from which its period is found."""


MOST_MEASURED = 256
_MEASURED: dict[Any, Mapping[str, "Memory"]] = {}
"""World and design -> memories: all replications of a design have the same."""


@dataclass(frozen=True)
class Memory:
    """What one replica of an enforcement point remembers of earlier requests; all in seconds, inf for without end.

    ``common``: after how long things that serve all tokens are fetched anew, such as key sets and lists. ``token``:
    the same for what is kept of a single token; ``informed``: of requests that need user information only;
    ``sensitive``: of sensitive requests only. ``end_s``: how long after its last request a token is accepted while
    the authorization server is unreachable; ``by_use``: later requests prolong that. ``by_client``: the client
    remembers an answer too. ``onward``: target behind -> whether all replicas send the "same" credential there for one
    token, each "replica" its own, or a "new" one with every request. ``period_s``: of background work, 0 for none.
    ``shared``: what is kept of tokens serves all replicas.
    """

    common: tuple[float, ...] = ()
    token: tuple[float, ...] = ()
    informed: tuple[float, ...] = ()
    sensitive: tuple[float, ...] = ()
    end_s: float = 0.0
    by_use: bool = False
    by_client: bool = False
    onward: Mapping[str, str] = field(default_factory=dict)
    period_s: float = 0.0
    shared: bool = False

    @property
    def of_tokens(self) -> bool:
        """Whether anything is remembered of single tokens."""
        return bool(self.token or self.informed or self.sensitive or self.by_use or self.by_client)


def measure_memories(scenario: Scenario, design: Design) -> Mapping[str, Memory]:
    """Host of an enforcement point in the first region -> its memory."""
    chosen = [(place, part.part) for place, part in design.parts.items()]
    chosen += [("wrappers", part.part) for part in design.wrappers]
    kinds = tuple(find_part(place, name) for place, name in chosen)
    key = (scenario.world.model_dump_json(exclude={"load", "faults"}), repr(design), kinds)
    if key not in _MEASURED:
        if len(_MEASURED) >= MOST_MEASURED:
            _MEASURED.clear()
        _MEASURED[key] = _Laboratory(scenario, design).measure()
    return _MEASURED[key]


class _Laboratory:
    """A deployment without load, faults and history, on which a few requests are made."""

    def __init__(self, scenario: Scenario, design: Design) -> None:
        world = scenario.world
        still = {
            "population": world.population.model_copy(update={"users": 4}),
            "load": PoissonLoad(arrival_rate=1.0),
            "faults": {},
        }
        run = scenario.run.model_copy(update={"length_s": 1.0, "warm_up_s": 0.0})
        empty = replace(scenario, world=world.model_copy(update=still), run=run, trace=None)
        self._service = world.service
        self._deployment = Deployment(empty, design, Variates(0, 0), STORES["dict"], MemorySink())
        parts = self._deployment.parts
        self.life_s = (parts.presenter.useful_life_s or parts.config.token_lifetime_s) * (1 - PRECISION)
        region = self._deployment.regions[0]
        self._points = {p.target: p for p in self._deployment.enforcement_points if p.region == region}
        self._first = next(point for point in self._points.values() if point.first)
        self._region = region
        self._tokens: dict[tuple[int, float], ClientToken] = {}
        self._sent: dict[tuple[str, str, HttpRequest], HttpRequest] = {}

    def measure(self) -> Mapping[str, Memory]:
        """Host -> memory, for the first point and all that it leads to."""
        try:
            memories: dict[str, Memory] = {}
            self._measure_from(self._first, self._send_first, memories)
            return memories
        finally:
            self._deployment.close()

    def begin(self) -> Past:
        """Empty states everywhere."""
        self._deployment.shared.clear()
        deployment = self._deployment
        return Past(deployment, Handlers(deployment.world, deployment.parts, deployment.population.find_token))

    # --- requests ------------------------------------------------------------------------------------------------

    def _send_first(self, past: Past, token: ClientToken, user: int, instant: float, how: HttpRequest) -> ClientVisits:
        past.set_clock(instant, user)
        return past.request(UserClient(user, "", token), self._first, 0, how)

    def issue(self, past: Past, user: int, instant: float) -> ClientToken:
        """A token of a user that is in time at an instant; the same one for many instants."""
        instant = instant // (self.life_s / 2) * (self.life_s / 2)
        if (user, instant) not in self._tokens:
            past.set_clock(instant, user)
            self._tokens[user, instant] = past.issue(user, self._region)
        return self._tokens[user, instant]

    # --- one point -----------------------------------------------------------------------------------------------

    def _measure_from(self, point: EnforcementPoint, send: "Send", memories: dict[str, Memory]) -> None:
        """Measure a point, then those behind it."""
        trial = _Trial(self, send)
        onward = {target: trial.find_onward(target) for target in list_targets_behind(point)}
        variants = self._list_variants(point)
        plain = trial.find_token_ends(HttpRequest())
        end_s, by_use = trial.find_end(plain)
        memories[point.host] = Memory(
            common=trial.find_common_ends(variants),
            token=plain,
            informed=trial.find_token_ends(variants["informed"], HttpRequest()) if "informed" in variants else (),
            sensitive=trial.find_token_ends(variants["sensitive"], HttpRequest()) if "sensitive" in variants else (),
            end_s=end_s,
            by_use=by_use,
            by_client=point.first and trial.is_remembered_by_client(),
            onward=onward,
            period_s=self._measure_period(point),
            shared=bool(plain) and trial.is_shared(),
        )
        for target in onward:
            behind = self._points[name_in_region(target, self._region)]
            if behind.host not in memories:
                self._measure_from(behind, partial(self._send_behind, send, target, behind), memories)

    def _send_behind(
        self,
        send: "Send",
        target: str,
        point: EnforcementPoint,
        past: Past,
        token: ClientToken,
        user: int,
        instant: float,
        how: HttpRequest,
    ) -> ClientVisits:
        """A request at a point behind, with what one before it sent when the token was new."""
        key = (token.token, target, how)
        if key not in self._sent:
            issued = token.expires_at - self._deployment.parts.config.token_lifetime_s
            before = send(self.begin_beside(), token, user, issued, how).visits[-1]
            self._sent[key] = next(request for name, request in before.onward if name == target)
        past.set_clock(instant, user)
        visit = past.visit(point, 0, self._sent[key])
        return ClientVisits(visit.answer, Counter(), (visit,))

    def begin_beside(self) -> Past:
        deployment = self._deployment
        return Past(deployment, Handlers(deployment.world, deployment.parts, deployment.population.find_token))

    def _list_variants(self, point: EnforcementPoint) -> dict[str, HttpRequest]:
        """Kinds of requests that the world has, besides plain ones."""
        variants = {}
        if point.first and self._service.user_information_share > 0:
            variants["informed"] = HttpRequest(needs_user_information=True)
        if point.first and self._service.sensitive_share > 0:
            variants["sensitive"] = HttpRequest(sensitive=True)
        return variants

    def _measure_period(self, point: EnforcementPoint) -> float:
        """The longest of the first waits of its background work."""
        validator = point.validator
        if not isinstance(validator, BackgroundWorker):
            return 0.0
        past = self.begin()
        past.set_clock(0.0, FIRST)
        context: Any = PastContext(past.clock)
        flows: tuple[Flow[None], ...] = validator.list_background_tasks(context, validator.create_state())
        waits = [0.0]
        for flow in flows:
            past.set_clock(0.0, FIRST)
            for _ in range(ROUNDS):
                wait = run_until_sleep(flow, past.list_servers(point.region), None, past.clock)
                if wait is None:
                    break
                waits.append(wait)
                past.clock.instant += wait
        return max(waits)


Send = Callable[[Past, ClientToken, int, float, HttpRequest], ClientVisits]
"""Makes one request at a point: the past, token, user, instant, kind of request."""


class _Trial:
    """Pairs of requests at one point."""

    def __init__(self, laboratory: _Laboratory, send: Send) -> None:
        self._laboratory = laboratory
        self._send = send
        self.life_s = laboratory.life_s

    def find_token_ends(self, how: HttpRequest, less: HttpRequest | None = None) -> tuple[float, ...]:
        """After how long a request with the same token does again what the very next one did without.

        With ``less`` only what that kind of request does not do.
        """
        nothing = Counter[str]()
        without = nothing if less is None else self._count_same(0.0, less, first=True)
        new = self._count_other(0.0, how) - without
        base = self._count_same(0.0, how)
        if not new - base:
            return ()
        ends = list(
            self._find_rises(lambda t: (self._count_same(t, how) - without) & new, (base - without) & new, self.life_s)
        )
        return tuple(ends) if ends else (inf,)

    def find_common_ends(self, variants: Mapping[str, HttpRequest]) -> tuple[float, ...]:
        """After how long a request with another token does again what the one right after the first did without."""
        how = next(iter(variants.values()), HttpRequest())
        new, base = self._count_same(0.0, how, first=True), self._count_other(0.0, how)
        if not new - base:
            return ()
        ends = list(self._find_rises(lambda t: self._count_other(t, how) & new, base & new, LONGEST_S))
        return tuple(ends) if ends else (inf,)

    def find_end(self, ends: tuple[float, ...]) -> tuple[float, bool]:
        """How long a token is accepted while the server is unreachable, and whether a later use prolongs it."""
        if not self._is_accepted((0.0,), 0.0):
            return 0.0, False
        if self._is_accepted((0.0,), self.life_s):
            return inf, False
        end = _bisect(lambda t: not self._is_accepted((0.0,), t), 0.0, self.life_s)
        between = min(end, *(ends or (end,))) / 2
        return end, self._is_accepted((0.0, between), min(end * (1 + BESIDES), self.life_s))

    def is_shared(self) -> bool:
        """Whether a replica without a past does less for a token that another has seen."""
        past, token = self._begin(FIRST)
        self._send(past, token, FIRST, 0.0, HttpRequest())
        elsewhere = self._send(self._laboratory.begin_beside(), token, FIRST, 0.0, HttpRequest())
        return bool(self._count_same(0.0, HttpRequest(), first=True) - _add(elsewhere))

    def is_remembered_by_client(self) -> bool:
        """Whether the client does less itself at its second request."""
        past, token = self._begin(FIRST)
        one = self._send(past, token, FIRST, 0.0, HttpRequest())
        two = self._send(past, token, FIRST, 0.0, HttpRequest())
        return bool(one.counts - two.counts)

    def find_onward(self, target: str) -> str:
        """Whether all replicas send the same on, each its own, or always another."""
        past, token = self._begin(FIRST)
        one, two = (self._find_sent(past, token, target) for _ in range(2))
        three = self._find_sent(self._laboratory.begin_beside(), token, target)
        if one != two:
            return "new"
        return "same" if one == three else "replica"

    def _find_sent(self, past: Past, token: ClientToken, target: str) -> HttpRequest | None:
        visits = self._send(past, token, FIRST, 0.0, HttpRequest()).visits
        return next((sent for visit in visits for name, sent in visit.onward if name == target), None)

    # --- pairs ---------------------------------------------------------------------------------------------------

    def _begin(self, user: int) -> tuple[Past, ClientToken]:
        past = self._laboratory.begin()
        return past, self._laboratory.issue(past, user, 0.0)

    def _count_same(self, later: float, how: HttpRequest, first: bool = False) -> Counter[str]:
        """What a second request with the same token does, so much later; of the ``first``, at once."""
        past, token = self._begin(FIRST)
        visits = self._send(past, token, FIRST, 0.0, how)
        return _add(visits if first else self._send(past, token, FIRST, later, how))

    def _count_other(self, later: float, how: HttpRequest) -> Counter[str]:
        """What a request with another token does, so much later."""
        past, token = self._begin(FIRST)
        self._send(past, token, FIRST, 0.0, how)
        other = self._laboratory.issue(past, OTHER, later)
        return _add(self._send(past, other, OTHER, later, how))

    def _is_accepted(self, before: tuple[float, ...], later: float) -> bool:
        past, token = self._begin(FIRST)
        for instant in before:
            past.reachable = not instant
            self._send(past, token, FIRST, instant, HttpRequest())
        past.reachable = False
        answer = self._send(past, token, FIRST, later, HttpRequest()).answer
        return getattr(answer, "status", 0) == 200

    def _find_rises(
        self, count: Callable[[float], Counter[str]], base: Counter[str], longest: float
    ) -> Iterator[float]:
        """The distances from which on more is done than from shorter ones."""
        since, level = 0.0, base
        while True:
            upto = max(since * 4, 1e-2)
            while upto < longest and not count(upto) - level:
                upto *= 4
            upto = min(upto, longest)
            if upto <= since or not count(upto) - level:
                return
            since = _bisect(partial(_rises, count, level), since, upto)
            level = level | count(since)
            yield since
            if since >= longest:
                return


def _rises(count: Callable[[float], Counter[str]], level: Counter[str], distance: float) -> bool:
    return bool(count(distance) - level)


def _add(visits: ClientVisits) -> Counter[str]:
    """What all visits of one request did."""
    return sum((visit.counts for visit in visits.visits), Counter())


def _bisect(holds: Callable[[float], bool], low: float, high: float) -> float:
    """The least distance at which something holds that holds at ``high`` and not at ``low``."""
    while high - low > PRECISION * high:
        middle = (low + high) / 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high
