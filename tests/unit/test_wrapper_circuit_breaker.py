"""The circuit breaker as a state machine, beside a model that is written from resilience4j's description."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simlib.scenario.effects import Failed, Reply
from simlib.strategies import CircuitBreaker, JwtAccessToken, JwtLocal, OpaqueIntrospection, ReferenceToken
from simlib.strategies.circuit_breaker import Breaker, CircuitBreakerSettings
from support.stage import Stage
from support.stepping import Delay

settings_of = st.builds(
    CircuitBreakerSettings,
    window_calls=st.integers(1, 6),
    minimum_calls=st.integers(1, 8),
    failure_share=st.sampled_from([0.01, 0.3, 0.5, 1.0]),
    open_s=st.sampled_from([1.0, 5.0]),
    trial_calls=st.integers(1, 4),
)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("call")),
        st.tuples(st.just("end"), st.integers(0, 5), st.booleans()),
        st.tuples(st.just("wait"), st.sampled_from([0.0, 0.5, 1.0, 5.0])),
    ),
    max_size=60,
)


@given(settings=settings_of, steps=steps)
def test_no_history_breaks_the_machine(settings: CircuitBreakerSettings, steps: list[Any]) -> None:
    breaker, now, under_way = Breaker(settings), 0.0, [0 for _ in range(0)]
    let_in_half_open, closed_outcomes = 0, list[bool]()
    for name, *arguments in steps:
        before, opened_at = breaker.state, breaker.opened_at
        if name == "wait":
            now += arguments[0]
        elif name == "call":
            through = breaker.admit_call(now)
            if before == "closed":
                assert through
            elif before == "open":
                # Not before its time, and then as a trial.
                assert through == (now >= opened_at + settings.open_s)
                assert breaker.state == ("half_open" if through else "open")
                let_in_half_open = int(through)
            else:
                assert through == (let_in_half_open < settings.trial_calls)
                let_in_half_open += through
            if through:
                under_way.append(breaker.epoch)
        elif under_way:
            epoch = under_way.pop(arguments[0] % len(under_way))
            counts = epoch == breaker.epoch
            breaker.record_outcome(epoch, arguments[1], now)
            if not counts:
                assert breaker.state == before  # a call of another time says nothing
            elif before == "closed":
                closed_outcomes = [*closed_outcomes, arguments[1]][-settings.window_calls :]
                enough = len(closed_outcomes) >= min(settings.minimum_calls, settings.window_calls)
                share = sum(closed_outcomes) / len(closed_outcomes)
                assert breaker.state == ("open" if enough and share >= settings.failure_share else "closed")
        if breaker.state != before:
            closed_outcomes = []
            if breaker.state == "open":
                assert breaker.opened_at == now
        assert (before, breaker.state) in {
            *(("closed", state) for state in ("closed", "open")),
            *(("open", state) for state in ("open", "half_open")),
            *(("half_open", state) for state in ("half_open", "open", "closed")),
        }


def run(breaker: Breaker, outcomes: str, now: float) -> None:
    """Calls one after the other; x fails."""
    for outcome in outcomes:
        assert breaker.admit_call(now)
        breaker.record_outcome(breaker.epoch, outcome == "x", now)


def test_trials_decide_by_the_same_share() -> None:
    settings = CircuitBreakerSettings(window_calls=4, minimum_calls=4, failure_share=0.5, open_s=10.0, trial_calls=4)
    for trials, state in (("xooo", "closed"), ("xxoo", "open"), ("oooo", "closed"), ("xxxx", "open")):
        breaker = Breaker(settings)
        run(breaker, "ooxx", 0.0)
        assert breaker.state == "open"
        assert not breaker.admit_call(9.999)
        run(breaker, trials, 10.0)
        assert breaker.state == state, trials
        assert breaker.admit_call(10.0) == (state == "closed")


def opened(trial_calls: int) -> Breaker:
    """It opened at 0 and may be tried again from 10 s on."""
    breaker = Breaker(CircuitBreakerSettings(window_calls=2, minimum_calls=2, open_s=10.0, trial_calls=trial_calls))
    run(breaker, "xx", 0.0)
    assert breaker.state == "open"
    return breaker


def test_no_more_than_the_trials_are_under_way_at_once() -> None:
    breaker = opened(trial_calls=2)
    assert [breaker.admit_call(10.0) for _ in range(4)] == [True, True, False, False]


def test_a_call_from_before_says_nothing_about_a_trial() -> None:
    breaker = opened(trial_calls=1)
    before = breaker.epoch - 1
    assert breaker.admit_call(10.0)
    breaker.record_outcome(before, True, 10.5)
    assert breaker.state == "half_open"
    breaker.record_outcome(breaker.epoch, False, 11.0)
    assert breaker.state == "closed"


def test_failures_fall_out_of_the_window() -> None:
    breaker = Breaker(CircuitBreakerSettings(window_calls=4, minimum_calls=4, failure_share=0.5))
    run(breaker, "xooox" + "ooox" * 5, 0.0)
    assert breaker.state == "closed"
    run(breaker, "x", 0.0)
    assert breaker.state == "open"


@pytest.mark.parametrize(
    ("key", "value"),
    [("failure_share", 0.0), ("failure_share", 1.1), ("window_calls", 0), ("open_s", 0.0), ("trial_calls", 0)],
)
def test_settings_that_mean_nothing_are_refused(key: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"^{key} must be "):
        CircuitBreakerSettings(**{key: value})  # type: ignore[arg-type]


def stage_with(make_stage: Callable[..., Stage], **chosen: Any) -> Stage:
    settings = CircuitBreakerSettings(
        **{"window_calls": 4, "minimum_calls": 4, "open_s": 20.0, "trial_calls": 1, **chosen}
    )
    return make_stage(OpaqueIntrospection, ReferenceToken, (CircuitBreaker,), wrapper_settings=(settings,))


def test_an_open_breaker_asks_nobody_and_waits_for_nothing(make_stage: Callable[..., Stage]) -> None:
    stage = stage_with(make_stage)
    token = stage.issue().token
    stage.stepper.delay = lambda target: Delay(0.0, 100.0)
    for number in range(4):
        assert stage.present(token).status == 503
        assert stage.now == 10.0 * (number + 1)  # the timeout
    verdict = stage.present(token)
    assert (verdict.status, verdict.reason, stage.now) == (503, "introspection_refused", 40.0)
    assert stage.calls["introspect"] == 4
    stage.stepper.delay = lambda target: Delay()
    assert stage.at(59.9).present(token).status == 503
    assert stage.at(60.0).present(token).accepted
    assert stage.calls["introspect"] == 5


@pytest.mark.parametrize("answer", [Reply(401, b"{}"), Reply(400), Reply(404)], ids=str)
def test_a_word_of_the_server_is_no_failure(answer: Reply, make_stage: Callable[..., Stage]) -> None:
    stage = stage_with(make_stage)
    token = stage.issue().token
    stage.answer("introspect", answer)
    for _ in range(10):
        stage.present(token)
    assert stage.calls["introspect"] == 10


def test_key_sets_are_fetched_through_it_too(make_stage: Callable[..., Stage]) -> None:
    settings = CircuitBreakerSettings(window_calls=2, minimum_calls=2, open_s=20.0, trial_calls=1)
    stage = make_stage(JwtLocal, JwtAccessToken, (CircuitBreaker,), wrapper_settings=(settings,))
    token = stage.issue().token
    stage.answer("jwks", Failed("refused"))
    for _ in range(5):
        assert stage.present(token).reason == "no_keys"
    assert stage.calls["jwks"] == 2
    stage.restore()
    assert stage.at(20.0).present(token).accepted
