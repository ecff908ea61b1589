"""Process complexity, counted from what really happens: steps, messages, round trips, points of failure.

Every number is a count over the trace of one user's lifecycle (`simlib.tracing.user_lifecycle`), neither weighted nor
estimated.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from simlib.scenario.hosts import AUTHORIZATION_SERVER, STORE, find_host_kind
from simlib.scenario.scenario import Scenario
from simlib.tokens import TOKEN_FORMATS
from simlib.tracing.steps import Step
from simlib.tracing.user_lifecycle import FIRST, HOP, UserTrace, trace_user

PUBLIC_KEY = ("dpop.sign", "dpop.verify", *sorted({each.operations for each in TOKEN_FORMATS if each.operations}))
HASHES = ("token.hash", "token.seal", "token.unseal", "opaque.issue", "client.authenticate", "user.authenticate")
"""Operations that are a hash, a message authentication code or a symmetric cipher over a secret, or make a secret."""
_WRITES = ("put", "consume", "revoke")


class Counts(NamedTuple):
    """Counts of one phase; the definitions are in `COUNTS`."""

    steps: int
    parties: int
    messages: int
    round_trips: int
    as_round_trips: int
    bytes: int
    cryptography: int
    public_key: int
    rows_written: int
    memories: int
    failure_points: int

    @property
    def state_transitions(self) -> int:
        """All that must be remembered after the phase."""
        return self.rows_written + self.memories


COUNTS: Mapping[str, str] = {
    "steps": "pieces of work, accesses to a store in the same process, and messages",
    "parties": "hosts that send or receive a message or do work; the user's browser is one with the client",
    "messages": "between hosts: a request is one, its reply another",
    "round_trips": "requests that are waited for, all of them one after another",
    "as_round_trips": "of these, those to the authorization server",
    "bytes": "of all messages, heads included",
    "cryptography": "signing, verifying, encrypting, hashing, comparing and making secrets",
    "public_key": "of these, operations with a key pair, or on a signed or encrypted token",
    "rows_written": "writes to a token store or shared store: put, consume, revoke",
    "memories": "client and servers that check tokens whose memory changed: token, answer, keys",
    "state_transitions": "rows written and memories changed",
    "failure_points": "calls to another host whose failure fails the phase, tried one by one",
}
"""Count -> its definition. A database counts as part of its server, so it is no point of failure of its own."""


def count_phase(trace: UserTrace, phase: str, failure_points: int = 0) -> Counts:
    """Count one phase of a trace; ``failure_points`` come from `find_failing_calls`, which takes runs of its own."""
    steps = trace.list_steps(phase)
    requests = [step for step in steps if step.kind == "request"]
    work = [step.what for step in steps if step.kind == "work"]
    awaited = [step for step in requests if not step.behind and not _is_store(step)]
    signed = sum(what.startswith(PUBLIC_KEY) for what in work)
    return Counts(
        steps=sum(step.kind != "wait" for step in steps),
        parties=len({host for step in steps if step.kind != "wait" for host in (step.party, step.other) if host}),
        messages=sum(step.kind in ("request", "reply") for step in steps),
        round_trips=len(awaited),
        as_round_trips=sum(find_host_kind(step.other) == AUTHORIZATION_SERVER for step in awaited),
        bytes=sum(step.size for step in steps),
        cryptography=signed + sum(what in HASHES for what in work),
        public_key=signed,
        rows_written=sum(step.kind in ("store", "request") and _is_write(step.what) for step in steps),
        memories=len(trace.changed_memories.get(phase, ())),
        failure_points=failure_points,
    )


def find_failing_calls(scenario: Scenario, trace: UserTrace, phase: str) -> tuple[Step, ...]:
    """The calls of a phase that must not fail: each in turn is left unanswered in a trace of its own.

    A phase fails when it does not end with a status below 400; the hop to an inner service with the first request, of
    which it is part. Raises what `trace_user` raises.
    """
    if phase == HOP:
        hops = {step.number for step in trace.list_steps(HOP)}
        return tuple(
            step._replace(phase=HOP) for step in find_failing_calls(scenario, trace, FIRST) if step.number in hops
        )
    called = [s for s in trace.list_steps(phase) if s.kind == "request" and not s.by_itself and not _is_store(s)]
    return tuple(step for number, step in enumerate(called) if _is_failing(scenario, trace, phase, number))


def _is_failing(scenario: Scenario, trace: UserTrace, phase: str, call: int) -> bool:
    """Whether the phase fails when its call of this number gets no answer."""
    broken = trace_user(scenario, trace.design, trace.kind, trace.flow, broken=(phase, call))
    return not 0 < broken.outcomes.get(phase, 0) < 400


def count_phases(scenario: Scenario, trace: UserTrace, phases: Iterable[str] | None = None) -> dict[str, Counts]:
    """Phase -> its counts, points of failure included: by default for all phases of the trace."""
    chosen = trace.phases if phases is None else [phase for phase in trace.phases if phase in phases]
    return {phase: count_phase(trace, phase, len(find_failing_calls(scenario, trace, phase))) for phase in chosen}


def _is_store(step: Step) -> bool:
    """Whether a message goes to a server's own database."""
    return find_host_kind(step.other) == STORE


def _is_write(what: str) -> bool:
    target, _, verb = what.partition(".")
    return target in ("store", "shared") and verb in _WRITES
