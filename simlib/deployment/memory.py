"""Memory of enforcement points: how long the state of a replica makes later requests cheaper, measured on its parts.

No setting is read. Requests are made, outside simulated time, at a deployment of the same design that is there for
nothing else, and what a second request does without is found for every distance in time from the first. So parts of
plug-ins are covered too.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from math import inf
from typing import Any

from simlib.deployment.deployment import Deployment
from simlib.deployment.enforcement_points import EnforcementPoint
from simlib.deployment.handlers import Handlers
from simlib.deployment.memory_trials import FIRST, PRECISION, MemoryTrial, Send
from simlib.deployment.offline_run import PastContext, run_until_sleep
from simlib.deployment.parts import find_part
from simlib.deployment.past import UNREACHABLE, ClientVisits, Messages, Past, list_targets_behind
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

ROUNDS = 4
"""Waits of background work from which its period is found."""


MOST_MEASURED = 256
_MEASURED: dict[Any, Mapping[str, "Memory"]] = {}
"""World and design -> memories: all replications of a design have the same."""


@dataclass(frozen=True)
class Memory:
    """Memory that one replica of an enforcement point has of earlier requests; all in seconds, inf for without end.

    ``common``: after how long things that serve all tokens are fetched anew, such as key sets and lists. ``token``:
    the same for what is kept of a single token; ``informed``: of requests that need user information only;
    ``sensitive``: of sensitive requests only. ``end_s``: how long after its last request a token is accepted while
    the authorization server is unreachable; ``by_use``: later requests prolong that. ``by_client``: the client
    remembers an answer too. ``onward``: target behind -> whether all replicas send the "same" credential there for one
    token, each "replica" its own, or a "new" one with every request. ``period_s``: of background work, 0 for none.
    ``shared``: what is kept of tokens serves all replicas. ``renews_s``: from which age on a token gets another
    with the answer. ``calls``: targets called at every request; ``calls_anew``: also called for a token of which
    nothing is kept; ``more_calls``: both, of "informed" and of "sensitive" requests only.
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
    renews_s: float = inf
    calls: Mapping[str, int] = field(default_factory=dict)
    calls_anew: Mapping[str, int] = field(default_factory=dict)
    more_calls: Mapping[str, tuple[Mapping[str, int], Mapping[str, int]]] = field(default_factory=dict)

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
        self._messages: dict[tuple[int, float], Messages] = {}
        self._sent: dict[tuple[str, str, HttpRequest], HttpRequest | None] = {}

    def measure(self) -> Mapping[str, Memory]:
        """Host -> memory, for the first point and all that it leads to."""
        try:
            memories: dict[str, Memory] = {}
            self._measure_from(self._first, self._send_first, memories)
            return memories
        finally:
            self._deployment.close()

    def begin(self) -> Past:
        """Empty states everywhere, but for what the authorization server sent when it issued the tokens."""
        self._deployment.shared.clear()
        return self.begin_beside()

    # --- requests ------------------------------------------------------------------------------------------------

    def _send_first(self, past: Past, token: ClientToken, user: int, instant: float, how: HttpRequest) -> ClientVisits:
        past.set_clock(instant, user)
        return past.request(UserClient(user, "", token), self._first, 0, how)

    def issue(self, past: Past, user: int, instant: float) -> ClientToken:
        """A token of a user that is in time at an instant; the same one for many instants."""
        instant = instant // (self.life_s / 2) * (self.life_s / 2)
        if (user, instant) not in self._tokens:
            past.set_clock(instant, user)
            messages = self._messages[user, instant] = []
            self._tokens[user, instant] = past.issue(user, self._region, messages)
        return self._tokens[user, instant]

    # --- one point -----------------------------------------------------------------------------------------------

    def _measure_from(self, point: EnforcementPoint, send: Send, memories: dict[str, Memory]) -> None:
        """Measure a point, then those behind it."""
        trial = MemoryTrial(self, send)
        onward = {target: trial.find_onward(target) for target in list_targets_behind(point)}
        variants = self._list_variants()
        plain = trial.find_token_ends(HttpRequest())
        end_s, by_use = trial.find_end(plain)
        calls, calls_anew = trial.count_calls()
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
            renews_s=trial.find_renewal() if point.first else inf,
            calls=calls,
            calls_anew=calls_anew,
            more_calls={name: trial.count_calls(how, HttpRequest()) for name, how in variants.items()},
        )
        for target in onward:
            behind = self._points[name_in_region(target, self._region)]
            if behind.host not in memories:
                self._measure_from(behind, partial(self._send_behind, send, target, behind), memories)

    def _send_behind(
        self,
        send: Send,
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
            self._sent[key] = next((request for name, request in before.onward if name == target), None)
        sent = self._sent[key]
        past.set_clock(instant, user)
        if sent is None:  # refused before it
            return ClientVisits(UNREACHABLE, Counter(), ())
        visit = past.visit(point, 0, sent)
        return ClientVisits(visit.answer, Counter(), (visit,))

    def begin_beside(self) -> Past:
        deployment = self._deployment
        past = Past(deployment, Handlers(deployment.world, deployment.parts, deployment.population.find_token))
        for (user, instant), messages in self._messages.items():
            past.set_clock(instant, user)
            past.repeat(messages, self._region)
        return past

    def _list_variants(self) -> dict[str, HttpRequest]:
        """Kinds of requests that the world has, besides plain ones; a point behind may receive them as plain ones."""
        variants = {}
        if self._service.user_information_share > 0:
            variants["informed"] = HttpRequest(needs_user_information=True)
        if self._service.sensitive_share > 0:
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
