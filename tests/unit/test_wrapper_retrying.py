"""Retries: when, after how long, and how often in all (AWS "Exponential Backoff and Jitter"; SRE book ch. 22)."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simlib.deployment.instrumentation import record_request
from simlib.engine.request_log import RequestLog
from simlib.scenario.effects import Answer, Call, Compute, Draw, Failed, Flow, Reply, Sleep
from simlib.scenario.messages import HttpRequest
from simlib.strategies import (
    ClientRetry,
    DenylistPolled,
    Dpop,
    JwtAccessToken,
    JwtLocal,
    OpaqueCached,
    OpaqueIntrospection,
    ReferenceToken,
    Retry,
)
from simlib.strategies.call_interception import (
    find_failure,
    find_request_time,
    intercept_calls,
    is_authorization_server,
)
from simlib.strategies.retry import RetryBudget, RetrySettings, retry_call
from support.stage import Stage
from support.stepping import Delay

GOOD = Reply(200, b"{}")
CALL = Call("introspect", HttpRequest(), 5.0)
WORTH_IT = [
    Failed("timed_out"),
    Failed("refused"),
    Failed("unreachable"),
    Failed("status", 500),
    Failed("status", 503, 1.0),
    Failed("status", 429, 2.0),
    Reply(500),
    Reply(429, retry_after=1.0),
]
NOT_WORTH_IT = [GOOD, Reply(400), Reply(401), Reply(404), Reply(302), Failed("status", 429), Failed("status", 404)]
ENDLESS = RetrySettings(attempts=1000, back_off_s=0.0, longest_back_off_s=0.0, total_s=1e9, budget=1000.0, burst=1000)


class Driven:
    """One call driven by hand: answers in turn, the last again and again; a clock that only sleeps move on."""

    def __init__(self, settings: RetrySettings, budget: RetryBudget, answers: list[Answer], drawn: float = 0.0) -> None:
        self.calls: list[float] = []
        self.sleeps: list[float] = []
        self.clock = 100.0
        self._answers = answers
        self._drawn = drawn
        self.answer = self._run(retry_call(self, settings, budget, CALL))  # type: ignore[arg-type]

    def now(self) -> float:
        return self.clock

    def _run(self, flow: Flow[Answer]) -> Answer:
        answer: Any = None
        while True:
            try:
                effect = flow.send(answer)
            except StopIteration as stop:
                found: Answer = stop.value
                return found
            answer = self._do(effect)

    def _do(self, effect: Any) -> Any:
        match effect:
            case Compute(_, work):
                return None if work is None else work()
            case Call():
                assert effect == CALL
                self.calls.append(self.clock)
                return self._answers[min(len(self.calls), len(self._answers)) - 1]
            case Draw():
                return self._drawn
            case Sleep(seconds):
                self.sleeps.append(seconds)
                self.clock += seconds
                return None
        raise AssertionError(effect)


def budget_of(settings: RetrySettings) -> RetryBudget:
    return RetryBudget(settings.budget, settings.burst)


@pytest.mark.parametrize("answer", WORTH_IT, ids=str)
def test_what_may_pass_by_itself_is_tried_again(answer: Answer) -> None:
    settings = RetrySettings()
    driven = Driven(settings, budget_of(settings), [answer, GOOD])
    assert isinstance(driven.answer, Reply)
    assert driven.answer.status == 200
    assert len(driven.calls) == 2
    told = Driven(settings, budget_of(settings), [answer]).answer  # the last failure
    assert find_failure(told) == find_failure(answer)


@pytest.mark.parametrize("answer", NOT_WORTH_IT, ids=str)
def test_a_word_of_the_server_is_taken_as_it_is(answer: Answer) -> None:
    driven = Driven(ENDLESS, budget_of(ENDLESS), [answer])
    assert driven.answer == answer
    assert len(driven.calls) == 1


def test_an_answer_counts_from_the_question_that_it_answers() -> None:
    settings = RetrySettings(back_off_s=1.0, jitter=0.0)
    assert Driven(settings, budget_of(settings), [GOOD]).answer == GOOD
    again = Driven(settings, budget_of(settings), [Failed("timed_out"), GOOD]).answer
    assert again == GOOD._replace(requested_at=101.0)
    assert [find_request_time(answer, 100.0) for answer in (GOOD, again)] == [100.0, 101.0]
    assert find_request_time(Failed("timed_out"), 100.0) == 100.0


shares = st.sampled_from([0.0, 0.2, 0.5, 1.0, 2.5]) | st.floats(0.0, 3.0)


@given(
    budget=shares,
    burst=st.integers(0, 12),
    attempts=st.integers(1, 6),
    failing=st.lists(st.booleans(), min_size=1, max_size=40),
)
def test_the_budget_caps_what_retries_add(budget: float, burst: int, attempts: int, failing: list[bool]) -> None:
    settings = RetrySettings(attempts=attempts, budget=budget, burst=burst, total_s=1e9)
    shared, calls = budget_of(settings), 0
    for number, fails in enumerate(failing, start=1):
        driven = Driven(settings, shared, [Failed("refused") if fails else GOOD])
        assert len(driven.calls) <= attempts
        calls += len(driven.calls)
        assert number <= calls <= number * (1 + budget) + burst + 1e-9


def test_without_a_budget_an_outage_is_multiplied_and_with_one_it_is_not() -> None:
    loose = RetrySettings(attempts=4, budget=3.0)
    tight = RetrySettings(attempts=4, budget=0.2)
    counts = []
    for settings in (loose, tight):
        shared = budget_of(settings)
        counts.append(sum(len(Driven(settings, shared, [Failed("timed_out")]).calls) for _ in range(1000)))
    assert counts[0] == 4000
    assert 1200 <= counts[1] <= 1210


@given(
    back_off=st.floats(0.0, 5.0),
    multiplier=st.floats(1.0, 4.0),
    longest=st.floats(0.0, 20.0),
    jitter=st.floats(0.0, 1.0),
    drawn=st.floats(0.0, 1.0, exclude_max=True),
    total=st.floats(0.0, 60.0),
    retry_after=st.none() | st.floats(0.0, 30.0),
)
def test_waits_are_within_their_bounds_and_never_past_the_total(
    back_off: float,
    multiplier: float,
    longest: float,
    jitter: float,
    drawn: float,
    total: float,
    retry_after: float | None,
) -> None:
    settings = replace(
        ENDLESS,
        attempts=12,
        back_off_s=back_off,
        multiplier=multiplier,
        longest_back_off_s=longest,
        jitter=jitter,
        total_s=total,
    )
    driven = Driven(settings, budget_of(settings), [Failed("status", 503, retry_after)], drawn)
    for number, slept in enumerate(driven.sleeps):
        whole = min(longest, back_off * multiplier**number)
        assert slept >= max(retry_after or 0.0, whole * (1 - jitter)) - 1e-9
        assert slept <= max(retry_after or 0.0, whole) + 1e-9
    assert driven.clock <= 100.0 + total + 1e-9
    assert all(instant <= 100.0 + total + 1e-9 for instant in driven.calls)


@pytest.mark.parametrize(("jitter", "low", "high"), [(0.0, 4.0, 4.0), (0.5, 2.0, 4.0), (1.0, 0.0, 4.0)])
def test_jitter_is_none_equal_or_full(jitter: float, low: float, high: float) -> None:
    settings = replace(ENDLESS, attempts=2, back_off_s=4.0, longest_back_off_s=9.0, jitter=jitter)
    slept = [Driven(settings, budget_of(settings), [Failed("refused")], drawn).sleeps[0] for drawn in (0.0, 0.5, 0.999)]
    assert slept == sorted(slept, reverse=True)
    assert slept[0] == high
    assert low <= slept[-1] <= low + 0.01


def test_the_back_off_of_many_retries_overflows_nothing() -> None:
    assert RetrySettings(multiplier=1e300, longest_back_off_s=1e6).compute_back_off(10**6) == 1e6
    assert RetrySettings(multiplier=1.0, back_off_s=0.25).compute_back_off(10**9) == 0.25


def test_calls_of_shared_work_are_intercepted_and_others_are_left_alone() -> None:
    def again(call: Call) -> Flow[Answer]:
        yield call
        answer: Answer = yield call
        return answer

    def flow() -> Iterator[Any]:
        yield Call("shared", None)
        yield Call("introspect@north", None)
        yield Compute("nothing")

    seen = list(intercept_calls(flow(), is_authorization_server, again))  # type: ignore[arg-type]
    assert [getattr(effect, "target", "") for effect in seen] == ["shared", *["introspect@north"] * 2, ""]


# --- at the resource server ---------------------------------------------------------------------------------------


def no_jitter(**chosen: Any) -> RetrySettings:
    return RetrySettings(**{"jitter": 0.0, "back_off_s": 1.0, **chosen})


def out_of_reach_until(seconds: float, make_stage: Callable[..., Stage], wrapper: type[Any]) -> tuple[Stage, Any]:
    """A stage whose AS was out of reach when a token was presented, and what came of that."""
    stage = make_stage(OpaqueIntrospection, ReferenceToken, (wrapper,), wrapper_settings=(no_jitter(),))
    token = stage.issue().token
    stage.answer("introspect", Failed("unreachable"))
    begun = stage.begin(token)
    stage.at(seconds).restore()
    stage.stepper.run()
    return stage, begun


def test_a_short_outage_is_ridden_out(make_stage: Callable[..., Stage]) -> None:
    stage, begun = out_of_reach_until(0.9, make_stage, Retry)
    assert begun.value.accepted
    assert (begun.at, begun.value.based_on) == (1.0, 1.0)  # as fresh as the second question
    assert stage.calls["introspect"] == 2


def test_a_long_outage_is_told_after_the_last_attempt(make_stage: Callable[..., Stage]) -> None:
    stage = make_stage(OpaqueIntrospection, ReferenceToken, (Retry,), wrapper_settings=(no_jitter(),))
    token = stage.issue().token
    stage.answer("introspect", Failed("unreachable"))
    verdict = stage.present(token)
    assert (verdict.status, stage.now) == (503, 1.0 + 2.0)
    assert stage.calls["introspect"] == 3


def test_a_revocation_between_two_attempts_is_noticed(make_stage: Callable[..., Stage]) -> None:
    stage = make_stage(OpaqueIntrospection, ReferenceToken, (Retry,), wrapper_settings=(no_jitter(),))
    token = stage.issue().token
    stage.stepper.delay = lambda target: Delay(0.0, 30.0)  # the first answer says active, and comes too late
    begun = stage.begin(token)
    stage.at(10.5)
    stage.revoke(token)
    stage.stepper.delay = lambda target: Delay()
    stage.stepper.run()
    assert begun.value.reason == "inactive"


def test_an_answer_that_was_kept_is_kept_from_the_question_that_brought_it(make_stage: Callable[..., Stage]) -> None:
    settings = OpaqueCached.Settings(ttl_s=20.0)
    stage = make_stage(OpaqueCached, ReferenceToken, (Retry,), settings=settings, wrapper_settings=(no_jitter(),))
    token = stage.issue().token
    stage.answer("introspect", Failed("unreachable"))
    stage.begin(token)
    stage.at(0.5).restore()
    assert stage.at(20.5).present(token).accepted
    assert stage.calls["introspect"] == 2
    stage.at(21.0).present(token)
    assert stage.calls["introspect"] == 3


def test_key_sets_and_what_is_done_behind_the_requests_are_asked_for_again_too(
    make_stage: Callable[..., Stage],
) -> None:
    stage = make_stage(JwtLocal, JwtAccessToken, (DenylistPolled, Retry), wrapper_settings=(None, no_jitter()))
    token = stage.issue().token
    stage.answer_all(Failed("refused"))
    begun = stage.begin(token)
    stage.at(0.5).restore()
    stage.at(30.0)
    assert begun.value.accepted
    assert stage.calls["jwks"] == 2
    stage.answer_all(Failed("refused"))
    before = stage.calls["revocations"]
    stage.at(60.0)
    assert stage.calls["revocations"] == before + 3


def test_replicas_have_budgets_of_their_own(make_stage: Callable[..., Stage]) -> None:
    stage = make_stage(OpaqueIntrospection, ReferenceToken, (Retry,))
    assert stage.validator.create_state().own is not stage.state.own


# --- at the client ------------------------------------------------------------------------------------------------


def test_the_client_tries_again_when_the_service_could_not_tell(make_stage: Callable[..., Stage]) -> None:
    stage, begun = out_of_reach_until(0.5, make_stage, ClientRetry)
    assert begun.value.accepted
    assert stage.calls["introspect"] == 2


def test_the_client_does_not_try_again_when_it_was_refused(make_stage: Callable[..., Stage]) -> None:
    stage = make_stage(OpaqueIntrospection, ReferenceToken, (ClientRetry,))
    token = stage.issue().token
    stage.revoke(token)
    assert stage.present(token).status == 401
    assert stage.calls["introspect"] == 1


def test_each_user_has_a_budget(make_stage: Callable[..., Stage]) -> None:
    settings = no_jitter(budget=0.0, burst=1)
    stage = make_stage(OpaqueIntrospection, ReferenceToken, (ClientRetry,), wrapper_settings=(settings,))
    tokens = [stage.issue(user=user).token for user in (0, 1)]
    stage.answer("introspect", Failed("unreachable"))
    asked = []
    for user in (0, 0, 1, 1):
        before = stage.calls["introspect"]
        stage.present(tokens[user], user=user)
        asked.append(stage.calls["introspect"] - before)
    assert asked == [2, 1, 2, 1]


def test_under_dpop_each_attempt_needs_a_proof_of_its_own(make_stage: Callable[..., Stage]) -> None:
    reasons = {}
    for order in ((ClientRetry, Dpop), (Dpop, ClientRetry)):
        stage = make_stage(OpaqueIntrospection, ReferenceToken, order)
        token = stage.issue().token
        stage.stepper.delay = lambda target: Delay(0.0, 0.01)
        assert stage.present(token).accepted
        stage.answer("introspect", Failed("unreachable"))
        begun = stage.begin(token)
        stage.at(stage.now + 0.005).restore()
        stage.stepper.run()
        reasons[order[0].name] = begun.value.reason
    # A proof that was shown to a server that could not tell was not used up, so both orders do here.
    assert set(reasons.values()) == {""}


def test_waiting_to_call_the_api_again_is_no_waiting_for_a_token() -> None:
    instants = iter([0.0, 2.0, 2.0, 7.0, 9.0, 9.0])

    class Clock:
        def now(self) -> float:
            return next(instants)

    def flow() -> Flow[Any]:
        yield Compute("obtaining a token takes from 0 to 2")
        yield Call("api", HttpRequest())
        yield Sleep(5.0)
        yield Call("api", HttpRequest())
        return Reply(200)

    log = RequestLog(0, 0, 0.0, False)
    assert len(list(record_request(flow(), Clock(), log))) == 4  # type: ignore[arg-type]
    assert log.obtaining == 2.0 + 2.0  # until 2, and from the end of the pause at 7 to 9
