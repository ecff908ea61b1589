"""One attack on one ground: prepared, tried again and again until refused, and everything noted as it happens."""

import json
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from simlib.attacks import ATTACKS, Attack, Candidate, Inapplicable, Thwarted
from simlib.engine.arena.field import Field, Message
from simlib.engine.arena.ground import Ground
from simlib.engine.arena.loot import OBTAINING
from simlib.engine.arena.network import ATTACKER
from simlib.scenario.effects import Reply
from simlib.scenario.errors import InputError
from simlib.scenario.refusal import unknown

Outcome = Literal["refused", "accepted", "inapplicable"]
FIRST_WAIT_S, LATER_SHARE = 1.0, 0.02
"""From one try to the next: a second, later this share of the time that has passed, so that times are known to 2 %."""
PACE = "a try every second, after 50 s whenever another 2 % of the time has passed"
WATCH = 1.5
"""How long a success is tried to be repeated: so many lives of a token."""


class Try(NamedTuple):
    """One strike. ``check`` says who refused and by what, ``put_out`` what the servers' work has come to."""

    instant: float
    label: str
    accepted: bool
    check: str
    put_out: int


@dataclass(frozen=True)
class Encounter:
    """How an attack ended. ``check``: who refused by which check, or why there was nothing to attack.

    ``requests`` were accepted, within ``seconds`` from the first try of what was accepted to the last success;
    ``lasted`` is true when it was still accepted at the end of the run.
    """

    attack: str
    design: str
    kind: str
    flow: str
    server: str
    outcome: Outcome
    check: str
    seconds: float = 0.0
    requests: int = 0
    lasted: bool = False
    tries: tuple[Try, ...] = ()
    messages: tuple[Message, ...] = ()
    obtained: tuple[str, ...] = ()


def attack_named(name: str) -> type[Attack]:
    """The attack of that name; InputError says which there are."""
    if name not in ATTACKS:
        raise InputError(unknown("attack", name, ATTACKS))
    return ATTACKS[name]


def run_attack(ground: Ground, name: str) -> Encounter:
    """Run one attack. Raises InputError for an unknown one, and for a design that does not serve its own clients."""
    kind = attack_named(name)
    field = Field(ground)
    try:
        field.settle()
        return _Encountering(field, kind).run()
    finally:
        field.close()


class _Encountering:
    """An attack under way."""

    def __init__(self, field: Field, kind: type[Attack]) -> None:
        self.field = field
        self.kind = kind
        self.tracer = field.tracer
        self.tries: list[Try] = []
        self.obtained: tuple[str, ...] = ()

    def run(self) -> Encounter:
        """Loot, preparation, strikes."""
        field = self.field
        loot = field.loot(self.kind.needs)
        self.obtained = tuple(OBTAINING[name][0] for name in self.kind.needs if getattr(loot, name))
        self.attack = field.attack = self.kind(loot)
        if self.kind.against == "flow":
            field.keep_owner_busy()
        field.listen()
        context = self.tracer.context(ATTACKER)
        prepared = self.tracer.run(ATTACKER, self.attack.prepare(context))
        if isinstance(prepared, Inapplicable):
            return self._ended("inapplicable", prepared.reason)
        if isinstance(prepared, Thwarted):
            return self._ended("refused", prepared.by or _refusal(field))
        until = self.tracer.now + WATCH * field.lifetime_s
        for candidate in prepared:
            self._persist(candidate, until)
            if self.tries[-1].accepted or any(one.accepted and one.label == candidate.label for one in self.tries):
                return self._succeeded(candidate.label)
        checks = dict.fromkeys(one.check for one in self.tries)
        return self._ended("refused", "; ".join(checks))

    def _persist(self, candidate: Candidate, until: float) -> None:
        """Try until refused, or until the end."""
        begun = self.tracer.now
        while True:
            done = self._strike(candidate)
            self.tries.append(done)
            following = done.instant + max(FIRST_WAIT_S, LATER_SHARE * (done.instant - begun))
            if not done.accepted or self.kind.once or following > until:
                return
            self.tracer.let_pass(following)

    def _strike(self, candidate: Candidate) -> Try:
        field, begun = self.field, self.tracer.now
        field.decided.clear()
        field.put_out = 0
        answer: Any = self.tracer.run(ATTACKER, self.attack.strike(self.tracer.context(ATTACKER), candidate))
        if self.kind.excess:
            accepted = field.put_out > self.kind.excess
        else:
            accepted = isinstance(answer, Reply) and answer.status == 200
        return Try(begun, candidate.label, accepted, "" if accepted else _refusal(field), field.put_out)

    def _succeeded(self, label: str) -> Encounter:
        """Counted and timed over what was noted."""
        good = [one for one in self.tries if one.label == label and one.accepted]
        seconds = good[-1].instant - good[0].instant
        lasted = self.tries[-1].accepted and not self.kind.once
        refused = "" if self.tries[-1].accepted else self.tries[-1].check
        return self._ended("accepted", refused or label, seconds, len(good), lasted)

    def _ended(
        self, outcome: Outcome, check: str, seconds: float = 0.0, requests: int = 0, lasted: bool = False
    ) -> Encounter:
        ground, field = self.field.ground, self.field
        return Encounter(
            self.kind.name,
            ground.design.name,
            ground.kind,
            field.flow,
            ground.server,
            outcome,
            check,
            seconds,
            requests,
            lasted,
            tuple(self.tries),
            tuple(field.messages),
            self.obtained,
        )


def _refusal(field: Field) -> str:
    """Who refused by which check: the last verdict against, else what the last answer says."""
    against = [decided for decided in field.decided if not decided.verdict.accepted]
    if against:
        return f"{against[-1].host}: {against[-1].verdict.reason}"
    sent = [message for message in field.messages if message.sender == ATTACKER]
    if not sent:
        return "nothing was sent"
    last = sent[-1]
    return f"{last.target}: {_said(last.answer)}"


def _said(answer: Any) -> str:
    """The error of an answer (RFC 6749 section 5.2), the check that a client names, or the status."""
    if not isinstance(answer, Reply):
        return "no answer"
    try:
        told = json.loads(answer.body)
    except ValueError:
        return str(answer.status)
    return str(told.get("error_description") or told.get("error") or answer.status)
