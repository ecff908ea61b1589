"""Bounds contract of validators: under any schedule no token is accepted longer after its expiry and its revocation
than declared, and each verdict rests on information that is no older."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from simlib.contracts.requirements import require
from simlib.contracts.stepped_deployment import SteppedDeployment
from simlib.contracts.stepping import Delay, StartedFlow
from simlib.scenario.effects import Failed, Verdict
from simlib.strategies import Bound, Issued

LIFETIMES_S = (5.0, 30.0)
DURATIONS_S = (0.0, 1e-6, 0.5, 1.0, 3.0, 29.0, 30.0)
CALM = ("issue", "present", "advance", "revoke")
"""Actions of a schedule without slow calls and outages."""
_IAT_ROUNDING_S = 1.0


@dataclass
class ScheduledToken:
    """Token of a schedule, the instant of its revocation, and its presentations."""

    issued: Issued
    revoked_at: float = math.inf
    presentations: list[tuple[float, StartedFlow]] = field(default_factory=list)

    def list_verdicts(self) -> Iterable[tuple[float, float, Verdict]]:
        """List (start, end, verdict) of each presentation."""
        return ((since, flow.at, flow.value) for since, flow in self.presentations)


class Schedule:
    """Schedule in execution: tokens, presentations that overlap, revocations, slow calls and outages."""

    def __init__(self, stepped: SteppedDeployment) -> None:
        self.stepped = stepped
        self.tokens: list[ScheduledToken] = []
        self._delay = Delay()
        stepped.stepper.delay = lambda target: self._delay

    def issue(self) -> None:
        """Issue a further token."""
        self.tokens.append(ScheduledToken(self.stepped.issue()))

    def present(self, number: int) -> None:
        """Start to present one of the tokens."""
        if self.tokens:
            token = self.tokens[number % len(self.tokens)]
            token.presentations.append((self.stepped.now, self.stepped.begin(token.issued.token)))

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.stepped.at(self.stepped.now + seconds)

    def revoke(self, number: int) -> None:
        """Revoke one of the tokens; it is revoked when the server has answered."""
        if self.tokens:
            token = self.tokens[number % len(self.tokens)]
            self.stepped.revoke(token.issued.token)
            if self.stepped.now < token.issued.expires_at:
                token.revoked_at = min(token.revoked_at, self.stepped.now)

    def slow(self, before: float, after: float) -> None:
        """Set how long calls travel from now on."""
        self._delay = Delay(before, after)

    def outage(self, begins: bool) -> None:
        """Begin or end an outage of the authorization server."""
        if begins:
            self.stepped.answer_all(Failed("unreachable"))
        else:
            self.stepped.restore()

    def cut(self) -> None:
        """Lose pushes, and what the server writes to the shared store, from now on."""
        self.stepped.cut()


def run_schedule(stepped: SteppedDeployment, actions: Iterable[Sequence[Any]]) -> Schedule:
    """Run a whole schedule; at its end each token is presented once more. An action is a name and its arguments."""
    schedule = Schedule(stepped)
    schedule.issue()
    for name, *arguments in actions:
        getattr(schedule, name)(*arguments)
    for number in range(len(schedule.tokens)):
        schedule.present(number)
    stepped.stepper.run()
    return schedule


def check_bounds(stepped: SteppedDeployment, actions: Iterable[Sequence[Any]]) -> None:
    """Under this schedule the declared bounds hold."""
    bound = stepped.validator.compute_bound()
    for token in run_schedule(stepped, actions).tokens:
        for since, at, verdict in token.list_verdicts():
            require(since <= at and verdict.based_on <= at, "a verdict must not rest on information of a later instant")
            if verdict.accepted:
                _check_acceptance(token, at, verdict, bound)
            else:
                require(
                    verdict.status in (401, 503),
                    f"a token of the required scope must be refused with 401 or 503, not {verdict.status}",
                )


def _check_acceptance(token: ScheduledToken, at: float, verdict: Verdict, bound: Bound) -> None:
    end = token.issued.expires_at
    require(
        at < end + bound.after_expiry_s or at < end,
        f"a token is accepted {at - end:g} s after its expiry, the declared bound is {bound.after_expiry_s:g} s",
    )
    late = at - token.revoked_at
    require(
        late <= bound.after_revocation_s,
        f"a token is accepted {late:g} s after its revocation, the declared bound is {bound.after_revocation_s:g} s",
    )
    require(
        verdict.based_on <= token.revoked_at,
        "a verdict that overlooks a revocation must rest on information from before it (based_on)",
    )
    age = at - verdict.based_on
    require(
        age <= bound.after_revocation_s + _IAT_ROUNDING_S,
        f"a verdict rests on information that is {age:g} s old, the declared bound is {bound.after_revocation_s:g} s",
    )


def check_availability(stepped: SteppedDeployment, actions: Iterable[Sequence[Any]]) -> None:
    """As long as the server answers at once, a valid token is accepted; actions other than `CALM` are left out."""
    calm = [action for action in actions if action[0] in CALM]
    for token in run_schedule(stepped, calm).tokens:
        for _, at, verdict in token.list_verdicts():
            valid = at < min(token.revoked_at, token.issued.expires_at)
            require(
                verdict.accepted or not valid,
                f"a valid token is refused with {verdict.status} ({verdict.reason}) while the server answers at once",
            )


def draw_schedules(count: int, seed: int = 1) -> Iterator[list[tuple[Any, ...]]]:
    """Draw schedules at random, the same ones for a seed."""
    random = Random(seed)

    def draw_seconds() -> float:
        return random.choice(DURATIONS_S) if random.random() < 0.5 else random.uniform(0.0, 40.0)

    def draw_action() -> tuple[Any, ...]:
        return random.choice(
            (
                ("issue",),
                ("present", random.randrange(4)),
                ("present", random.randrange(4)),
                ("advance", draw_seconds()),
                ("revoke", random.randrange(4)),
                ("slow", draw_seconds(), draw_seconds()),
                ("outage", random.random() < 0.5),
                ("cut",),
            )
        )

    for _ in range(count):
        yield [draw_action() for _ in range(random.randrange(26))]
