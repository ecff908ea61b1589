"""Age of cached answers and their use in an outage: closed forms against the simulation and the real parts."""

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simlib import simulate
from simlib.analysis.cache_theory import (
    answers_older_than,
    average_over_users,
    outage_survival,
    ttl_hit_ratio,
    zipf_ttl_hit_ratio,
)
from simlib.analysis.gain_figures import compute_older_shares
from simlib.scenario.effects import Failed
from simlib.strategies import OpaqueCached, ReferenceToken
from support.networks import assert_covered
from support.stage import Stage
from support.worlds import DESIGNS, NO_DELAY, constant, costing, scenario

USERS, RATE, LIFETIME, AGES = 30, 6.0, 100.0, (0.5, 3.0, 30.0)
RUNS, WARM_S = 12, 5.0
rates, spans = st.floats(0.01, 10.0), st.floats(0.1, 200.0)


def shares_older(name: str, replicas: int, ttl: float = 10.0) -> list[dict[float, float]]:
    # Work and ways take no time, as the forms suppose; tokens end within the run, as they do not.
    design = {**DESIGNS[name], "token_lifetime_s": LIFETIME, "replicas": {"service": replicas}}
    if name == "cached":
        design["service"] = {"part": "opaque_cached", "ttl_s": ttl}
    made = scenario(
        users=USERS,
        arrival_rate=RATE,
        designs={name: design},
        links=NO_DELAY,
        service={"work": constant(0.0)},
        length_s=WARM_S + 90.0,
        warm_up_s=WARM_S,
    )
    return [dict(compute_older_shares(simulate(costing(made), name, n), WARM_S, AGES)) for n in range(RUNS)]


@pytest.mark.parametrize(("replicas", "ttl"), [(2, 10.0), (2, 80.0)])
def test_the_age_of_cached_answers_is_the_one_of_the_closed_form(replicas: int, ttl: float) -> None:
    shares = shares_older("cached", replicas, ttl)
    for age in [age for age in AGES if age < ttl]:
        expected = answers_older_than(age, RATE / USERS, ttl, LIFETIME, replicas)
        assert_covered([share[age] for share in shares], expected, 0.1)


def test_a_jwt_is_one_cache_that_all_replicas_share_for_the_life_of_the_token() -> None:
    shares = shares_older("jwt", replicas=3)
    for age in (3.0, 30.0):
        # Its iat is in whole seconds, so the word of the server looks half a second older than it is.
        expected = answers_older_than(age - 0.5, RATE / USERS, LIFETIME, LIFETIME)
        assert_covered([share[age] for share in shares], expected, 0.1)


@settings(max_examples=40)
@given(rate=rates, ttl=spans, caches=st.integers(1, 4))
def test_without_an_end_of_tokens_it_is_the_hit_ratio_that_falls_in_a_straight_line(
    rate: float, ttl: float, caches: int
) -> None:
    hits = ttl_hit_ratio(rate / caches, ttl)
    assert answers_older_than(0.0, rate, ttl, caches=caches) == hits
    assert answers_older_than(ttl / 4, rate, ttl, caches=caches) == pytest.approx(hits * 0.75)
    assert answers_older_than(ttl, rate, ttl, caches=caches) == 0
    assert answers_older_than(0.0, rate, ttl, 2e4 * (ttl + caches / rate), caches) == pytest.approx(hits, rel=1e-3)


@given(rate=rates, ttl=spans, used=spans, caches=st.integers(1, 4), part=st.floats(0, 1))
def test_older_and_shorter_is_rarer_and_never_more_than_everything(
    rate: float, ttl: float, used: float, caches: int, part: float
) -> None:
    whole = answers_older_than(0.0, rate, ttl, used, caches)
    slack = 1e-9
    assert 0 <= answers_older_than(part * ttl, rate, ttl, used, caches) <= whole + slack
    assert answers_older_than(0.0, rate, part * ttl, used, caches) <= whole + slack
    assert whole <= answers_older_than(0.0, rate, ttl, used, 1) + slack
    assert whole <= rate * used / (1 + rate * used) + slack  # each token's first request asks


@given(rate=rates, ttl=spans, seconds=spans, stale=spans)
def test_an_outage_is_survived_as_answers_are_old_and_longer_with_stale_ones(
    rate: float, ttl: float, seconds: float, stale: float
) -> None:
    plain = outage_survival(seconds, rate, ttl)
    assert plain == pytest.approx(answers_older_than(seconds, rate, ttl), abs=1e-12)
    assert plain <= outage_survival(seconds, rate, ttl, stale) + 1e-12 <= 1 + 2e-12
    assert outage_survival(0.0, rate, ttl, 1e6) == pytest.approx(1.0)
    assert outage_survival(ttl + stale, rate, ttl, stale) == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("stale", [0.0, 25.0])
@pytest.mark.parametrize("seconds", [2.0, 20.0])
def test_the_real_cache_survives_an_outage_as_the_form_says(stale: float, seconds: float) -> None:
    """Tokens are presented at random for 60 s, then the server is unreachable, and each is presented once more."""
    rate, ttl, tokens, drawn = 0.1, 10.0, 700, random.Random(20261123)
    stage = Stage(
        OpaqueCached,
        ReferenceToken,
        settings=OpaqueCached.Settings(ttl_s=ttl, stale_if_error_s=stale),
        lifetime_s=1e6,
    )
    issued = [stage.issue(f"user-{number}").token for number in range(tokens)]
    due = [(at, token) for token in issued for at in poisson(drawn, rate, 60.0)]
    for at, token in sorted(due):
        assert stage.at(at).present(token).accepted
    stage.at(60.0).answer("introspect", Failed("unreachable"))
    stage.at(60.0 + seconds)
    served = sum(stage.present(token).accepted for token in issued) / tokens
    expected = outage_survival(seconds, rate, ttl, stale)
    assert served == pytest.approx(expected, abs=3.3 * math.sqrt(0.25 / tokens) if expected else 0.0)


def poisson(drawn: random.Random, rate: float, until: float) -> list[float]:
    times, at = [], drawn.expovariate(rate)
    while at < until:
        times.append(at)
        at += drawn.expovariate(rate)
    return times


def test_a_population_is_the_mean_over_its_requests() -> None:
    assert average_over_users(lambda rate: ttl_hit_ratio(rate, 3.0), 9.0, 50, 0.7) == pytest.approx(
        zipf_ttl_hit_ratio(9.0, 3.0, 50, 0.7)
    )
    assert average_over_users(lambda rate: rate, 6.0, 2, 1.0) == pytest.approx(4.0 * 4 / 6 + 2.0 * 2 / 6)


@pytest.mark.parametrize(
    ("form", "named"),
    [
        (lambda: answers_older_than(-1.0, 1.0, 1.0), "seconds"),
        (lambda: answers_older_than(0.0, math.inf, 1.0), "rate"),
        (lambda: answers_older_than(0.0, 1.0, 1.0, caches=0), "caches"),
        (lambda: outage_survival(0.0, 1.0, math.nan), "ttl_s"),
        (lambda: outage_survival(0.0, 1.0, 1.0, -0.1), "stale_s"),
        (lambda: average_over_users(lambda rate: rate, 1.0, 0, 0.0), "users"),
    ],
)
def test_inputs_out_of_range_are_refused_by_name(form: object, named: str) -> None:
    assert callable(form)
    with pytest.raises(ValueError, match=named):
        form()


def test_who_never_asks_or_keeps_nothing_has_no_old_answer() -> None:
    assert answers_older_than(0.0, 0.0, 5.0) == answers_older_than(0.0, 2.0, 0.0) == outage_survival(1.0, 0.0, 5.0) == 0
