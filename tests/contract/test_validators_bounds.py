"""How long a token may be accepted after its expiry and after its revocation, under any schedule and any settings."""

import math
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields, replace
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simlib.scenario.effects import Failed
from simlib.scenario.verdict import Verdict
from simlib.strategies import Issued
from support.cases import CASES, EVERY_PART, Case, Varied, name_of, varied, varied_one_by_one
from support.stage import PUSHED, Stage
from support.stepping import Delay, Started

VARIED = [chosen for case in CASES for chosen in varied_one_by_one(case)]
LIFETIMES_S = (5.0, 30.0)
SHORT_S, LONG_S = 5.0, 300.0


@dataclass
class Seen:
    """A token, when it was revoked, and the presentations of it that were started."""

    issued: Issued
    revoked_at: float = math.inf
    presented: list[tuple[float, Started]] = field(default_factory=list)

    def verdicts(self) -> Iterable[tuple[float, float, Verdict]]:
        """(start, end, verdict) of each."""
        return ((since, started.at, started.value) for since, started in self.presented)


class History:
    """A schedule as it happens: tokens, presentations that overlap, revocations, slow calls, outages."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.tokens: list[Seen] = []
        self.steady = True
        stage.stepper.delay = lambda target: self.delay
        self.delay = Delay()

    def issue(self) -> None:
        self.tokens.append(Seen(self.stage.issue()))

    def present(self, number: int) -> None:
        if self.tokens:
            seen = self.tokens[number % len(self.tokens)]
            seen.presented.append((self.stage.now, self.stage.begin(seen.issued.token)))

    def advance(self, seconds: float) -> None:
        self.stage.at(self.stage.now + seconds)

    def revoke(self, number: int) -> None:
        if self.tokens:
            seen = self.tokens[number % len(self.tokens)]
            self.stage.revoke(seen.issued.token)  # done when the server says so
            if self.stage.now < seen.issued.expires_at:
                seen.revoked_at = min(seen.revoked_at, self.stage.now)

    def slow(self, before: float, after: float) -> None:
        self.delay = Delay(before, after)
        self.steady = self.steady and before == after == 0

    def outage(self, down: bool) -> None:
        if down:
            self.steady = False
            self.stage.answer_all(Failed("unreachable"))
        else:
            self.stage.restore()

    def deaf(self) -> None:
        """From now on pushes are lost, and so is what the server writes for others to read."""
        self.steady = False
        self.stage.cut()

    def end(self) -> None:
        self.stage.stepper.run()


seconds = st.sampled_from([0.0, 1e-6, 0.5, 1.0, 3.0, 29.0, 30.0]) | st.floats(0.0, 40.0)
numbers = st.integers(0, 3)
actions = st.lists(
    st.one_of(
        st.tuples(st.just("issue")),
        st.tuples(st.just("present"), numbers),
        st.tuples(st.just("present"), numbers),
        st.tuples(st.just("advance"), seconds),
        st.tuples(st.just("revoke"), numbers),
        st.tuples(st.just("slow"), seconds, seconds),
        st.tuples(st.just("outage"), st.booleans()),
        st.tuples(st.just("deaf")),
    ),
    max_size=25,
)


def played(stage: Stage, schedule: list[Any]) -> History:
    """A whole schedule, with every token presented once more at its end."""
    history = History(stage)
    history.issue()
    for name, *arguments in schedule:
        getattr(history, name)(*arguments)
    for number in range(len(history.tokens)):
        history.present(number)
    history.end()
    return history


@pytest.mark.parametrize("case", EVERY_PART, ids=name_of)
@given(data=st.data())
@settings(max_examples=60)
def test_no_schedule_breaks_the_bounds(case: Case, data: st.DataObject) -> None:
    stage = data.draw(varied(case)).stage(Stage, lifetime_s=data.draw(st.sampled_from(LIFETIMES_S)))
    bound = stage.validator.bound()
    for seen in played(stage, data.draw(actions)).tokens:
        for since, at, verdict in seen.verdicts():
            assert verdict.based_on <= at
            if not verdict.accepted:
                assert verdict.status in (401, 503)
                continue
            assert at < seen.issued.expires_at + bound.after_expiry_s or at < seen.issued.expires_at
            assert at - seen.revoked_at <= bound.after_revocation_s
            # The last word of the server that a verdict rests on is older than the revocation that it overlooks,
            # and no older than the bound.
            assert verdict.based_on <= seen.revoked_at
            assert at - verdict.based_on <= bound.after_revocation_s + 1.0  # iat is rounded down by up to 1 s
            assert since <= at


@pytest.mark.parametrize("case", EVERY_PART, ids=name_of)
@given(data=st.data())
@settings(max_examples=25)
def test_a_good_token_is_accepted_as_long_as_the_server_answers_at_once(case: Case, data: st.DataObject) -> None:
    stage = roomy(data.draw(varied(case))).stage(Stage, lifetime_s=data.draw(st.sampled_from(LIFETIMES_S)))
    calm = [action for action in data.draw(actions) if action[0] in ("issue", "present", "advance", "revoke")]
    for seen in played(stage, calm).tokens:
        for _, at, verdict in seen.verdicts():
            good = at < min(seen.revoked_at, seen.issued.expires_at)
            assert verdict.accepted or not good


def roomy(chosen: Varied) -> Varied:
    """The same with room for every token: who asks nobody cannot find again what it had no room for."""
    kind = chosen.case.validator
    if "capacity" in {each.name for each in fields(kind.Settings)} and not getattr(chosen.settings, "ask", True):
        return chosen._replace(settings=replace(chosen.settings, capacity=kind.Settings().capacity))
    return chosen


# --- the bound is no looser than it has to be --------------------------------------------------------------------


MOMENTS = (0.02, 0.5, 0.92, 0.96, 0.999, 1.0, 1.05, 1.3)
"""When a revoked token is presented again, in shares of the bound."""


def last_accepted(stage: Stage, token: str, revoked_at: float, bound: float) -> float:
    """Seconds after the revocation for which a token that is presented again and again is accepted."""
    exposure = -math.inf
    for share in MOMENTS:
        stage.at(max(stage.now, revoked_at + bound * share))
        if stage.present(token).accepted:
            exposure = stage.now - revoked_at
    return exposure


def presented_just_before(stage: Stage, bound: float) -> float:
    """Known to the resource server, then revoked at once."""
    token = stage.issue().token
    assert stage.present(token).accepted
    return revoked_now(stage, token, bound)


def unknown_before(stage: Stage, bound: float) -> float:
    """Issued and revoked at once; the resource server meets it afterwards."""
    return revoked_now(stage, stage.issue().token, bound)


def nothing_arrives_afterwards(stage: Stage, bound: float) -> float:
    """Known to the resource server, then revoked, and from then on nobody hears anything of anybody."""
    token = stage.issue().token
    assert stage.present(token).accepted
    stage.answer_all(Failed("unreachable"))
    stage.cut()
    return revoked_now(stage, token, bound)


def nobody_is_told(stage: Stage, bound: float) -> float:
    """Known to the resource server, then revoked; the authorization server can be asked and reaches nobody itself."""
    token = stage.issue().token
    assert stage.present(token).accepted
    stage.cut()
    return revoked_now(stage, token, bound)


def told_just_before(stage: Stage, bound: float) -> float:
    """Revoked right after the resource server has asked for something of its own accord; then an outage."""
    token = stage.issue().token
    for _ in range(40):
        before = sum(stage.calls.values())
        stage.at(stage.now + bound / 50)
        if sum(stage.calls.values()) > before:
            break
    stage.present(token)
    stage.answer_all(Failed("unreachable"))
    return revoked_now(stage, token, bound)


def nothing_is_heard(stage: Stage, bound: float) -> float:
    """Known to the resource server, which from then on reaches nobody, then revoked."""
    token = stage.issue().token
    assert stage.present(token).accepted
    stage.answer_all(Failed("unreachable"))
    return revoked_now(stage, token, bound)


def answered_before(factor: float, warm: bool, stage: Stage, bound: float) -> float:
    """The server has answered; the answer is long on its way; the token is revoked in the meantime.

    ``warm``: what is fetched for all tokens is there already, and only that answer is slow.
    """
    token = stage.issue().token
    assert not warm or stage.present(stage.issue("user-2").token).accepted
    stage.stepper.delay = partial(answered_after, factor * bound)
    begun = stage.begin(token)
    stage.at(stage.now)
    stage.cut(PUSHED)
    if warm:
        stage.stepper.delay = partial(answered_after, 0.0)
    stage.revoke(token)
    revoked_at = stage.now
    stage.stepper.run()
    return begun.at - revoked_at if begun.value.accepted else -math.inf


def used_again_and_again(stage: Stage, bound: float) -> float:
    """Revoked at once, and used often enough to be renewed for as long as the validator renews what it accepts."""
    token, revoked_at = stage.issue().token, stage.now
    stage.revoke(token)
    exposure, step = -math.inf, 0.6 * stage.deployment.token_lifetime_s
    while stage.at(stage.now + step).now <= revoked_at + 1.3 * bound:
        verdict = stage.present(token)
        if not verdict.accepted:
            break
        exposure = stage.now - revoked_at
        if verdict.cookie is None:
            step = 0.02 * bound
        else:
            token = verdict.cookie.value
    return exposure


def revoked_now(stage: Stage, token: str, bound: float) -> float:
    """The exposure after a revocation, from when the server says that it is done."""
    stage.revoke(token)
    return last_accepted(stage, token, stage.now, bound)


WORST: tuple[Callable[[Stage, float], float], ...] = (
    presented_just_before,
    unknown_before,
    nothing_arrives_afterwards,
    nobody_is_told,
    told_just_before,
    used_again_and_again,
    nothing_is_heard,
    *(partial(answered_before, factor, False) for factor in (0.48, 0.95, 1.0, 1.05, 1.3, 1.9, 3.0)),
    *(partial(answered_before, factor, True) for factor in (0.95, 1.0)),
)


def with_lifetimes() -> list[tuple[Varied, float]]:
    """Every case and every setting with tokens that live short and long; numbers of a wrapper's setting take turns.

    What a validator keeps for how long acts together with the life of a token, so there each number meets both.
    """
    rows: list[tuple[Varied, float]] = []
    for case in CASES:
        several = varied_one_by_one(case)
        values = Counter(name for chosen in several for name in chosen.changed())
        turns: Counter[str] = Counter()
        for chosen in several:
            name = next(iter(chosen.changed()), "")
            if case.wrappers and values[name] > 1:
                rows.append((chosen, (SHORT_S, LONG_S)[turns[name] % 2]))
                turns[name] += 1
            else:
                rows += [(chosen, SHORT_S), (chosen, LONG_S)]
    return rows


@pytest.mark.parametrize(("chosen", "lifetime_s"), with_lifetimes(), ids=name_of)
def test_a_worst_case_reaches_nine_tenths_of_the_bound(
    chosen: Varied, lifetime_s: float, make_stage: Callable[..., Stage]
) -> None:
    exposures, bounds = [], []
    for schedule in WORST:
        stage = chosen.stage(make_stage, lifetime_s=lifetime_s)
        bounds.append(stage.validator.bound().after_revocation_s)
        exposures.append(schedule(stage, bounds[-1]))
    assert len(set(bounds)) == 1
    assert 0.9 * bounds[0] <= max(exposures) <= bounds[0]


@pytest.mark.parametrize("chosen", VARIED, ids=name_of)
def test_a_token_is_accepted_after_its_expiry_for_the_stated_leeway_and_no_longer(
    chosen: Varied, make_stage: Callable[..., Stage]
) -> None:
    stated, late = 0.0, [0.0]
    for after in (0.1, 0.95, 1.0, 3.0, 6.6, 7.0, 20.0):  # an answer given just before the expiry, so long on its way
        stage = chosen.stage(make_stage)
        stated, token = stage.validator.bound().after_expiry_s, stage.issue().token
        assert stage.at(299.5).present(stage.issue("user-2").token).accepted  # keys are there
        stage.at(299.999).stepper.delay = partial(answered_after, after)
        begun = [stage.begin(token)]
        stage.at(300.0 + after).stepper.delay = partial(answered_after, 0.0)
        begun.append(stage.begin(token))
        stage.stepper.run()
        late += [one.at - 300.0 for one in begun if one.value.accepted]
    assert 0.9 * stated <= max(late)
    assert max(late) < stated or stated == 0.0 == max(late)


def answered_after(seconds: float, target: str) -> Delay:
    """How long an answer travels, whatever was asked."""
    return Delay(0.0, seconds)
