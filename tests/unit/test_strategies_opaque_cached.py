"""The cache of introspection answers: how long, how many, for whom, and how often the server is asked."""

from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from simlib.scenario.effects import Failed
from simlib.strategies import OpaqueCached, OpaqueIntrospection, ReferenceToken
from simlib.strategies.caches import AnswerCache
from simlib.strategies.introspection_client import Introspection
from support.stage import Stage
from support.stepping import Delay


@pytest.fixture
def stage(make_stage: Callable[..., Stage]) -> Stage:
    return make_stage(OpaqueCached, ReferenceToken)


def cached(make_stage: Callable[..., Stage], **chosen: Any) -> Stage:
    """A stage with these settings of the cache."""
    return make_stage(OpaqueCached, ReferenceToken, settings=OpaqueCached.Settings(**chosen))


def asked(stage: Stage) -> int:
    """How often the server was asked."""
    return stage.calls["introspect"]


def test_an_answer_is_used_for_its_ttl_and_not_at_its_end(stage: Stage) -> None:
    token = stage.issue().token
    for instant, questions in ((0.0, 1), (30.0, 1), (59.999, 1), (60.0, 2), (119.999, 2), (120.0, 3)):
        assert stage.at(instant).present(token).accepted
        assert asked(stage) == questions, instant


def test_the_ttl_counts_from_the_question_and_using_an_answer_does_not_prolong_it(stage: Stage) -> None:
    token = stage.issue().token
    stage.stepper.delay = lambda target: Delay(3.0, 4.0)
    assert stage.present(token).accepted
    assert stage.now == 7.0
    for second in range(8, 60):
        stage.at(float(second)).present(token)
    assert asked(stage) == 1
    stage.at(60.0).begin(token)
    assert asked(stage) == 2


def test_an_answer_that_took_longer_than_its_ttl_is_used_once_and_not_kept(make_stage: Callable[..., Stage]) -> None:
    stage = cached(make_stage, ttl_s=5.0)
    token = stage.issue().token
    stage.stepper.delay = lambda target: Delay(0.0, 6.0)
    assert stage.present(token).accepted
    assert len(stage.state) == 0


def test_an_answer_never_outlives_the_token(make_stage: Callable[..., Stage]) -> None:
    stage = cached(make_stage, ttl_s=1000.0)
    token = stage.issue().token
    assert stage.present(token).accepted
    assert stage.at(299.999).present(token).accepted
    assert asked(stage) == 1
    verdict = stage.at(300.0).present(token)
    assert (verdict.reason, asked(stage)) == ("inactive", 2)


def test_leeway_does_not_keep_an_answer_beyond_the_expiry(make_stage: Callable[..., Stage]) -> None:
    stage = cached(make_stage, ttl_s=1000.0, leeway_s=50.0)
    token = stage.issue().token
    assert stage.present(token).accepted
    verdict = stage.at(301.0).present(token)
    assert (verdict.accepted, verdict.reason, asked(stage)) == (False, "inactive", 2)


def test_an_answer_on_its_way_is_judged_by_the_clock_of_the_server(make_stage: Callable[..., Stage]) -> None:
    """Active at 299 s of a token that ends at 300 s; with a clock of its own the receiver grants its leeway."""
    for own_clock, leeway, accepted in ((False, 0.0, True), (True, 0.0, False), (True, 1.5, False), (True, 2.5, True)):
        stage = cached(make_stage, own_clock=own_clock, leeway_s=leeway)
        token = stage.issue().token
        stage.at(299.0).stepper.delay = lambda target: Delay(0.0, 3.0)
        assert stage.present(token).accepted == accepted


@pytest.mark.parametrize("exp", [..., None, "soon", True])
def test_an_answer_without_expiry_is_not_kept(exp: Any, stage: Stage) -> None:
    token = stage.misissue(exp=exp)
    for questions in (1, 2):
        assert stage.present(token).reason in ("no_expiry", "expired")
        assert asked(stage) == questions


def test_a_cached_answer_for_others_is_still_for_others(stage: Stage) -> None:
    token = stage.misissue(aud="https://elsewhere.example")
    assert [stage.present(token).reason for _ in range(3)] == ["audience"] * 3
    assert asked(stage) == 1


def test_inactive_answers_are_kept_only_when_asked_to_and_only_so_long(make_stage: Callable[..., Stage]) -> None:
    for negative, questions in ((0.0, [1, 2, 3, 4]), (10.0, [1, 1, 2, 2]), (1000.0, [1, 1, 1, 1])):
        stage = cached(make_stage, negative_ttl_s=negative)
        seen = []
        for instant in (0.0, 9.999, 10.0, 19.0):
            assert stage.at(instant).present("never-issued").reason == "inactive"
            seen.append(asked(stage))
        assert seen == questions


def test_a_negative_ttl_says_nothing_about_good_tokens(make_stage: Callable[..., Stage]) -> None:
    stage = cached(make_stage, negative_ttl_s=1000.0, ttl_s=5.0)
    token = stage.issue().token
    assert stage.present(token).accepted
    stage.revoke(token)
    assert stage.at(4.999).present(token).accepted
    assert stage.at(5.0).present(token).reason == "inactive"
    assert asked(stage) == 2


@pytest.mark.parametrize(("single_flight", "questions"), [(True, 1), (False, 35)])
def test_concurrent_presentations_of_one_token_make_one_question_or_one_each(
    single_flight: bool, questions: int, make_stage: Callable[..., Stage]
) -> None:
    stage = cached(make_stage, single_flight=single_flight)
    token = stage.issue().token
    stage.stepper.delay = lambda target: Delay(0.01, 0.01)
    begun = [stage.begin(token) for _ in range(35)]
    assert not any(one.done for one in begun)
    stage.stepper.run()
    assert all(one.value.accepted for one in begun)
    assert asked(stage) == questions
    assert stage.present(token).accepted
    assert asked(stage) == questions


def test_single_flight_is_per_token(stage: Stage) -> None:
    tokens = [stage.issue(f"user-{number}").token for number in range(5)]
    stage.stepper.delay = lambda target: Delay(0.01, 0.01)
    begun = [stage.begin(token) for token in tokens * 3]
    stage.stepper.run()
    assert [one.value.claims["sub"] for one in begun] == [f"user-{number}" for number in range(5)] * 3
    assert asked(stage) == 5


def test_a_failure_reaches_all_who_waited_and_is_not_kept(stage: Stage) -> None:
    token = stage.issue().token
    stage.answer("introspect", Failed("unreachable"))
    begun = [stage.begin(token) for _ in range(4)]
    stage.stepper.run()
    assert {(one.value.status, one.value.reason) for one in begun} == {(503, "introspection_unreachable")}
    assert (asked(stage), len(stage.state)) == (1, 0)
    stage.restore()
    assert stage.present(token).accepted


def test_who_joins_late_rests_on_the_question_that_was_asked_early(stage: Stage) -> None:
    token = stage.at(10.0).issue().token
    stage.stepper.delay = lambda target: Delay(2.0, 2.0)
    first = stage.begin(token)
    late = stage.at(13.0).begin(token)
    stage.stepper.run()
    assert (first.value.based_on, late.value.based_on) == (10.0, 10.0)
    assert stage.at(50.0).present(token).based_on == 10.0
    assert stage.at(70.0).present(token).based_on == 70.0


def test_without_a_cache_every_verdict_rests_on_a_question_of_its_own(make_stage: Callable[..., Stage]) -> None:
    stage = make_stage(OpaqueIntrospection, ReferenceToken)
    token = stage.issue().token
    stage.stepper.delay = lambda target: Delay(1.0, 1.0)
    for questions, instant in enumerate((0.0, 5.0, 7.0), start=1):
        verdict = stage.at(instant).present(token)
        assert (verdict.based_on, asked(stage)) == (instant, questions)


@pytest.mark.parametrize("kind", [OpaqueCached, OpaqueIntrospection])
def test_a_timeout_bounds_the_question(kind: Any, make_stage: Callable[..., Stage]) -> None:
    stage = make_stage(kind, ReferenceToken, settings=kind.Settings(timeout_s=2.0))
    token = stage.issue().token
    stage.stepper.delay = lambda target: Delay(0.0, 2.5)
    verdict = stage.present(token)
    assert (verdict.status, verdict.reason, stage.now) == (503, "introspection_timed_out", 2.0)


@pytest.mark.parametrize(("shared", "room"), [(False, 2), (True, None)])
def test_a_shared_cache_has_no_room_of_its_own(
    make_stage: Callable[..., Stage], shared: bool, room: int | None
) -> None:
    assert cached(make_stage, capacity=2, shared=shared).validator.capacity == room


def test_the_least_recently_used_answer_goes_first(make_stage: Callable[..., Stage]) -> None:
    stage = cached(make_stage, capacity=2)
    first, second, third = (stage.issue().token for _ in range(3))
    for token in (first, second, first, third):  # first was used after second, so third pushes out second
        stage.present(token)
    assert (asked(stage), len(stage.state)) == (3, 2)
    stage.present(first)
    stage.present(third)
    assert asked(stage) == 3
    stage.present(second)
    assert asked(stage) == 4


def test_the_cache_holds_no_token(stage: Stage) -> None:
    token = stage.issue().token
    stage.present(token)
    assert token not in repr(stage.state._entries)


# --- the cache by itself -----------------------------------------------------------------------------------------


class Reference:
    """The plainest least-recently-used cache: a list, oldest first."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.kept: list[tuple[str, Introspection, float]] = []

    def get(self, key: str, now: float) -> Introspection | None:
        entry = next((one for one in self.kept if one[0] == key), None)
        if entry is None:
            return None
        self.kept.remove(entry)
        if now >= entry[2]:
            return None
        self.kept.append(entry)
        return entry[1]

    def put(self, key: str, introspected: Introspection, until: float) -> None:
        self.kept = [one for one in self.kept if one[0] != key]
        self.kept.append((key, introspected, until))
        self.kept = self.kept[-self.capacity :]


@pytest.mark.parametrize("capacity", [1, 2, 3, 4])
def test_the_cache_is_a_bounded_least_recently_used_cache(capacity: int) -> None:
    random = Random(capacity)
    cache, reference, now = AnswerCache(capacity), Reference(capacity), 0.0
    for number in range(4000):
        now += random.choice([0, 0, 0, 1, 5])
        key = random.choice("abcde")
        if random.random() < 0.5:
            assert cache.get(key, now) == reference.get(key, now)
        else:
            answer, until = Introspection({"n": number}, now), now + random.choice([1, 5, 99])
            cache.put(key, answer, until)
            reference.put(key, answer, until)
        assert len(cache) == len(reference.kept) <= capacity
