"""User lifecycle under a design, traced phase by phase: the same generators as in a run, effect by effect.

Digests show in which phases hosts change their own memory: the client's session, and the state of every replica that
checks tokens.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from simlib.deployment.deployment import Deployment
from simlib.deployment.network import build_network
from simlib.engine.request_log import RequestLog
from simlib.scenario.design import Design
from simlib.scenario.effects import Call
from simlib.scenario.hosts import BACKEND, CLIENT, SERVICE, find_host_kind
from simlib.scenario.scenario import Scenario
from simlib.scenario.sinks import MemorySink
from simlib.scenario.variates import Variates
from simlib.scenario.world import ClientKind
from simlib.stores import STORES
from simlib.tracing.single_user import isolate_user
from simlib.tracing.steps import Step
from simlib.tracing.tracer import BACKGROUND, Tracer

_PLAIN = (str, bytes, int, float, bool, type(None))


def digest_memories(deployment: Deployment) -> Mapping[str, str]:
    """Compute a digest of the memory of each replica (``host#number``) and of the client; equal ones mean no change.

    The replicas are those of gateways and services.
    """
    digests = {CLIENT: _digest(deployment.population.find_client(0))}
    for (host, replica), state in deployment.handlers.states.items():
        digests[f"{host}#{replica}"] = _digest(state)
    return digests


def _digest(state: Any) -> str:
    values = "\n".join(sorted(_iterate_values(state, "", frozenset())))
    return blake2b(values.encode(), digest_size=16).hexdigest()


def _iterate_values(value: Any, path: str, above: frozenset[int]) -> Iterator[str]:
    """Iterate over all plain values that can be reached, each with its path; code, such as a function, is left out."""
    if isinstance(value, _PLAIN):
        yield f"{path}={value!r}"
        return
    if id(value) in above:
        return
    above |= {id(value)}
    for name, inner in _iterate_members(value):
        yield from _iterate_values(inner, f"{path}.{name}", above)


def _iterate_members(value: Any) -> Iterator[tuple[str, Any]]:
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
"""Phase -> description, in the order of the lifecycle."""

PAUSE_S = 1.0
"""Seconds between two phases."""
POLL_WAIT = 0.5
"""Longest wait for the next poll: share of a token's life."""


@dataclass(frozen=True)
class UserTrace:
    """Trace of one user. ``outcomes``: phase -> HTTP status of the client's last answer in it, 0 without an answer.

    ``changed_memories``: phase -> the hosts whose own memory (caches, keys, lists, held tokens) changed in it.
    ``revoked_token_refused``: whether the client needed a new token after the revocation; None without a revocation.
    """

    design: str
    kind: ClientKind
    flow: str
    steps: tuple[Step, ...]
    outcomes: Mapping[str, int]
    changed_memories: Mapping[str, frozenset[str]] = field(default_factory=dict)
    revoked_token_refused: bool | None = None

    @property
    def phases(self) -> tuple[str, ...]:
        """The phases of this trace, in order."""
        return tuple(phase for phase in PHASES if phase in self.outcomes)

    def list_steps(self, phase: str) -> tuple[Step, ...]:
        """List the steps of a phase."""
        return tuple(step for step in self.steps if step.phase == phase)


def trace_user(
    scenario: Scenario,
    design: str,
    kind: ClientKind,
    flow: str | None = None,
    *,
    broken: tuple[str, int] | None = None,
) -> UserTrace:
    """Trace one user of a design, whose client is of a kind and signs in by a flow (by default the usual one).

    ``broken``: a phase and the number, from 0, of a call in it that fails; the trace then ends with that phase.
    Raises InputError for an unknown design and for one that cannot work with the flow.
    """
    world, traced_design = isolate_user(scenario, scenario.design(design), kind, flow)
    variates = Variates(scenario.run.seed, 0)
    store = scenario.world.store.kind
    deployment = Deployment(
        world, traced_design, variates, STORES["dict" if store == "database" else store], MemorySink()
    )
    try:
        return _LifecycleRun(deployment, traced_design, kind, broken).run()
    finally:
        deployment.close()


class _LifecycleRun:
    """A lifecycle under way."""

    def __init__(
        self, deployment: Deployment, design: Design, kind: ClientKind, broken: tuple[str, int] | None
    ) -> None:
        self.deployment = deployment
        self.design = design
        self.kind = kind
        self.last = broken[0] if broken is not None else ""
        self.network = build_network(deployment)
        self.tracer = Tracer(self.network, deployment.variates, broken)
        self.tracer.on_request = self._on_request
        self.client = deployment.population.find_client(0)
        self.client.access_token, self.client.refresh_token, self.client.session_until = None, "", 0.0
        _, self.host, self.revoke = self.network.after[0]
        self.outcomes: dict[str, int] = {}
        self.changed_memories: dict[str, frozenset[str]] = {}
        self.revoked_token_refused: bool | None = None
        self._memories: Mapping[str, str] = {}
        self._then = ""

    def run(self) -> UserTrace:
        """Run all phases, or those up to the one with the broken call."""
        for phases, run_phases in self._list_phases():
            run_phases()
            if self.last in phases:
                break
        flow = self.design.flows[self.kind]
        steps = tuple(self.tracer.steps)
        if FIRST in self.outcomes and (hop := _list_hop_steps(steps)):
            steps, self.outcomes[HOP] = (*steps, *hop), self.outcomes[FIRST]
        return UserTrace(
            self.design.name, self.kind, flow, steps, self.outcomes, self.changed_memories, self.revoked_token_refused
        )

    def _list_phases(self) -> list[tuple[tuple[str, ...], Callable[[], None]]]:
        return [
            ((SIGN_IN, FIRST), lambda: self._request(SIGN_IN, FIRST)),
            ((NEXT,), lambda: self._request(NEXT)),
            ((INFORMATION,), lambda: self._request(INFORMATION, information=True)),
            ((REVOCATION, REVOKED), self._revoke),
            ((REFRESH, REFRESHED), self._refresh),
        ]

    # --- phases ------------------------------------------------------------------------------------------------------

    def _request(self, phase: str, then: str = "", information: bool = False) -> None:
        """Run one request of the client; its part after the client has a token belongs to the phase ``then``."""
        self._begin(phase, then)
        log = RequestLog(0, 0, self.tracer.now, information)
        answer = self.tracer.run_request(self.host, self.network.entry[1], log)
        self._end(int(answer.status))

    def _refresh(self) -> None:
        """Run a request a token's life later. For a browser with a backend the whole request is the refresh."""
        tracer, held, life = self.tracer, self.client.access_token, self.design.token_lifetime_s
        drawn = getattr(self.design.get_settings("client"), "refresh_jitter_s", 0.0) > 0
        early = 0.0 if drawn else life - self.deployment.parts.presenter.useful_life_s
        spent = tracer.now + life if held is None else min(held.expires_at, tracer.now + life)
        tracer.phase = BACKGROUND
        tracer.advance_to(spent - early)
        self._request(REFRESH, "" if self.client.target == BACKEND else REFRESHED)

    def _revoke(self) -> None:
        self._begin(REVOCATION)
        self.tracer.background_phase = REVOCATION
        before = len(self.tracer.steps)
        self.tracer.run(self.host, self.revoke())
        replies = [step for step in self.tracer.steps[before:] if step.kind == "reply" and step.other == CLIENT]
        if not replies:  # the browser holds nothing that could be revoked
            return
        self.tracer.advance_until_polled(self.tracer.now + POLL_WAIT * self.design.token_lifetime_s)
        self._end(replies[-1].status)
        if self.last == REVOCATION:
            return
        self.tracer.background_phase = BACKGROUND
        before = len(self.tracer.steps)
        self._request(REVOKED)
        self.revoked_token_refused = any(_requests_token(step) for step in self.tracer.steps[before:])

    # --- outcomes and memories ---------------------------------------------------------------------------------------

    def _begin(self, phase: str, then: str = "") -> None:
        self.tracer.phase = BACKGROUND
        self.tracer.advance_to(self.tracer.now + PAUSE_S)
        self.tracer.phase, self._then = phase, then
        self._memories = digest_memories(self.deployment)

    def _end(self, status: int) -> None:
        phase, now = self.tracer.phase, digest_memories(self.deployment)
        self.outcomes[phase] = status
        changed = frozenset(host for host in now if now[host] != self._memories.get(host))
        self.changed_memories[phase] = changed
        self._memories = now

    def _on_request(self, party: str, call: Call) -> None:
        """Change to the phase ``then`` when the client, which now has a token, calls the API."""
        if self._then and party == CLIENT and call.target == self.client.target and not call.request.body:
            self._end(200)
            self.tracer.phase, self._then = self._then, ""


def _requests_token(step: Step) -> bool:
    return step.party in (CLIENT, BACKEND) and step.kind == "request" and step.what == "token"


def _list_hop_steps(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """List calls of services to inner services in the first request, and for tokens for them, with all they cause."""
    hop: list[Step] = []
    inside = -1
    for step in steps:
        if step.phase != FIRST:
            continue
        if inside < 0 and step.kind == "request" and find_host_kind(step.party) == SERVICE and _is_hop(step.what):
            inside = step.depth
        if inside >= 0:
            hop.append(step._replace(phase=HOP))
            if step.kind == "reply" and step.depth == inside:
                inside = -1
    return tuple(hop)


def _is_hop(target: str) -> bool:
    return target == "token" or target.startswith("api/")
