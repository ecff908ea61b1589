"""The life of one user under a design, phase by phase: the same generators as in a run, effect by effect.

What hosts have in their own memory: the client's session, and the state of every replica that checks tokens.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from simlib.deployment.deployment import Deployed
from simlib.engine.request_log import RequestLog
from simlib.scenario.design import Design
from simlib.scenario.effects import Call
from simlib.scenario.hosts import BACKEND, CLIENT, SERVICE, kind_of
from simlib.scenario.scenario import Scenario
from simlib.scenario.sinks import MemorySink
from simlib.scenario.variates import Variates
from simlib.scenario.world import ClientKind
from simlib.stores import STORES
from simlib.tracing.single_user import alone
from simlib.tracing.tracer import BACKGROUND, Step, Tracer

_PLAIN = (str, bytes, int, float, bool, type(None))


def memories(deployed: Deployed) -> Mapping[str, str]:
    """Host and replica -> a digest of what it has in memory; equal digests mean that nothing was learned or forgotten.

    Of hosts these are the client and the replicas of gateways and services.
    """
    found = {CLIENT: _digest(deployed.population.client(0))}
    for (host, replica), state in deployed.handlers.states.items():
        found[f"{host}#{replica}"] = _digest(state)
    return found


def _digest(state: Any) -> str:
    told = "\n".join(sorted(_leaves(state, "", frozenset())))
    return blake2b(told.encode(), digest_size=16).hexdigest()


def _leaves(value: Any, path: str, above: frozenset[int]) -> Iterator[str]:
    """Every plain value that can be reached, with the way to it; what is only code, such as a function, is left out."""
    if isinstance(value, _PLAIN):
        yield f"{path}={value!r}"
        return
    if id(value) in above:
        return
    above |= {id(value)}
    for name, inner in _members(value):
        yield from _leaves(inner, f"{path}.{name}", above)


def _members(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        yield from ((repr(key), inner) for key, inner in value.items())
    elif isinstance(value, set | frozenset):
        yield from ((repr(inner), True) for inner in value)
    elif isinstance(value, list | tuple) or type(value).__name__ == "deque":
        yield from ((str(number), inner) for number, inner in enumerate(value))
    elif type(value).__module__.startswith("simlib.") and not callable(value):
        names = {name for kind in type(value).__mro__ for name in getattr(kind, "__slots__", ())}
        names |= set(getattr(value, "__dict__", ()))
        yield from ((name, getattr(value, name)) for name in sorted(names) if hasattr(value, name))


SIGN_IN, FIRST, NEXT, INFORMATION = "sign in", "first request", "next request", "request for user information"
REFRESH, REFRESHED = "refresh", "request after refresh"
REVOCATION, REVOKED = "revocation", "request after revocation"
HOP = "hop to an inner service"
PHASES: Mapping[str, str] = {
    SIGN_IN: "from no session to an access token",
    FIRST: "caches are cold, no keys are fetched",
    NEXT: "one second later, with the same token",
    INFORMATION: "the API needs claims about the user",
    REVOCATION: "the token is revoked; with what is pushed, and the next round of what is polled",
    REVOKED: "the client presents the revoked token",
    REFRESH: "the access token is spent",
    REFRESHED: "the first one with the new token",
    HOP: "of the first request: what passing a token on to other services takes",
}
"""Phase -> what happens in it, in the order of a life."""

PAUSE_S = 1.0
"""Between two phases."""
PATIENCE = 0.5
"""For how long something that is polled is waited for: share of a token's life."""


@dataclass(frozen=True)
class Life:
    """The trace of one life. ``outcomes``: phase -> HTTP status of the client's last answer in it, 0 without one.

    ``remembered``: phase -> the hosts whose own memory (caches, keys, lists, held tokens) is another than before.
    ``refused``: whether the revoked token was refused, so that the client needed a new one; None without a revocation.
    """

    design: str
    kind: ClientKind
    flow: str
    steps: tuple[Step, ...]
    outcomes: Mapping[str, int]
    remembered: Mapping[str, frozenset[str]] = field(default_factory=dict)
    refused: bool | None = None

    @property
    def phases(self) -> tuple[str, ...]:
        """Those that this life has, in order."""
        return tuple(phase for phase in PHASES if phase in self.outcomes)

    def of(self, phase: str) -> tuple[Step, ...]:
        """The steps of a phase."""
        return tuple(step for step in self.steps if step.phase == phase)


def trace_life(
    scenario: Scenario,
    design: str,
    kind: ClientKind,
    flow: str | None = None,
    *,
    broken: tuple[str, int] | None = None,
) -> Life:
    """Trace one user of one design, whose client is of a kind and signs in by a flow (by default its usual one).

    ``broken``: a phase and the number, from 0, of a call in it that fails; the life then ends with that phase.
    Raises InputError for an unknown design and for one that cannot work with the flow.
    """
    world, own = alone(scenario, scenario.design(design), kind, flow)
    variates = Variates(scenario.run.seed, 0)
    store = scenario.world.store.kind
    deployed = Deployed(world, own, variates, STORES["dict" if store == "database" else store], MemorySink())
    try:
        return _Living(deployed, own, kind, broken).live()
    finally:
        deployed.close()


class _Living:
    """A life under way."""

    def __init__(self, deployed: Deployed, design: Design, kind: ClientKind, broken: tuple[str, int] | None) -> None:
        self.deployed = deployed
        self.design = design
        self.kind = kind
        self.last = broken[0] if broken is not None else ""
        self.network = deployed.network()
        self.tracer = Tracer(self.network, deployed.variates, broken)
        self.tracer.on_request = self._on_request
        self.client = deployed.population.client(0)
        self.client.held, self.client.refresh_token, self.client.session_until = None, "", 0.0
        _, self.host, self.revoke = self.network.after[0]
        self.outcomes: dict[str, int] = {}
        self.remembered: dict[str, frozenset[str]] = {}
        self.refused: bool | None = None
        self._memories: Mapping[str, str] = {}
        self._then = ""

    def live(self) -> Life:
        """All phases, or those up to the one in which something is broken."""
        for phases, act in self._plan():
            act()
            if self.last in phases:
                break
        flow = self.design.flows[self.kind]
        steps = tuple(self.tracer.steps)
        if FIRST in self.outcomes and (hop := _hop(steps)):
            steps, self.outcomes[HOP] = (*steps, *hop), self.outcomes[FIRST]
        return Life(self.design.name, self.kind, flow, steps, self.outcomes, self.remembered, self.refused)

    def _plan(self) -> list[tuple[tuple[str, ...], Callable[[], None]]]:
        return [
            ((SIGN_IN, FIRST), lambda: self._request(SIGN_IN, FIRST)),
            ((NEXT,), lambda: self._request(NEXT)),
            ((INFORMATION,), lambda: self._request(INFORMATION, information=True)),
            ((REVOCATION, REVOKED), self._revocation),
            ((REFRESH, REFRESHED), self._refresh),
        ]

    # --- phases ------------------------------------------------------------------------------------------------------

    def _request(self, phase: str, then: str = "", information: bool = False) -> None:
        """One request of the client; what comes after it has a token belongs to the phase ``then``."""
        self._begin(phase, then)
        journey = RequestLog(0, 0, self.tracer.now, information)
        answer = self.tracer.ask(self.host, self.network.entry[1], journey)
        self._end(int(answer.status))

    def _refresh(self) -> None:
        """A token's life later. A browser with a backend does not see it: there the request itself is the refresh."""
        tracer, held, life = self.tracer, self.client.held, self.design.token_lifetime_s
        drawn = getattr(self.design.settings("client"), "refresh_jitter_s", 0.0) > 0
        early = 0.0 if drawn else life - self.deployed.parts.presenter.useful_life_s
        spent = tracer.now + life if held is None else min(held.expires_at, tracer.now + life)
        tracer.phase = BACKGROUND
        tracer.let_pass(spent - early)
        self._request(REFRESH, "" if self.client.target == BACKEND else REFRESHED)

    def _revocation(self) -> None:
        self._begin(REVOCATION)
        self.tracer.background_phase = REVOCATION
        before = len(self.tracer.steps)
        self.tracer.run(self.host, self.revoke())
        told = [step for step in self.tracer.steps[before:] if step.kind == "reply" and step.other == CLIENT]
        if not told:  # the browser holds nothing that could be revoked
            return
        self.tracer.let_backgrounds_ask(self.tracer.now + PATIENCE * self.design.token_lifetime_s)
        self._end(told[-1].status)
        if self.last == REVOCATION:
            return
        self.tracer.background_phase = BACKGROUND
        before = len(self.tracer.steps)
        self._request(REVOKED)
        self.refused = any(_asks_for_a_token(step) for step in self.tracer.steps[before:])

    # --- bookkeeping -------------------------------------------------------------------------------------------------

    def _begin(self, phase: str, then: str = "") -> None:
        self.tracer.phase = BACKGROUND
        self.tracer.let_pass(self.tracer.now + PAUSE_S)
        self.tracer.phase, self._then = phase, then
        self._memories = memories(self.deployed)

    def _end(self, status: int) -> None:
        phase, now = self.tracer.phase, memories(self.deployed)
        self.outcomes[phase] = status
        changed = frozenset(host for host in now if now[host] != self._memories.get(host))
        self.remembered[phase] = changed
        self._memories = now

    def _on_request(self, party: str, call: Call) -> None:
        """The client has what it needs as soon as it calls the API."""
        if self._then and party == CLIENT and call.target == self.client.target and not call.request.body:
            self._end(200)
            self.tracer.phase, self._then = self._then, ""


def _asks_for_a_token(step: Step) -> bool:
    return step.party in (CLIENT, BACKEND) and step.kind == "request" and step.what == "token"


def _hop(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """The calls of services to inner services in the first request and for tokens for them, with all they cause."""
    found: list[Step] = []
    inside = -1
    for step in steps:
        if step.phase != FIRST:
            continue
        if inside < 0 and step.kind == "request" and kind_of(step.party) == SERVICE and _is_hop(step.what):
            inside = step.depth
        if inside >= 0:
            found.append(step._replace(phase=HOP))
            if step.kind == "reply" and step.depth == inside:
                inside = -1
    return tuple(found)


def _is_hop(target: str) -> bool:
    return target == "token" or target.startswith("api/")
