"""The closed forms against published numbers, against each other, and against balance equations solved by force."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simlib.analysis import queueing as q
from simlib.analysis.cache_theory import ttl_hit_ratio, zipf_ttl_hit_ratio

LOADS = st.floats(0.01, 0.97)
SERVERS = st.integers(1, 12)


def birth_death_wait(rate: float, servers: int) -> tuple[float, float]:
    """Probability and mean of waiting in M/M/c with unit service, from the balance equations cut off far out."""
    weights = [1.0]
    for n in range(1, 4000):
        weights.append(weights[-1] * rate / min(n, servers))
    p = np.array(weights) / math.fsum(weights)
    queue = np.maximum(np.arange(len(p)) - servers, 0)
    return float(p[servers:].sum()), float(queue @ p) / rate


@pytest.mark.parametrize(
    ("servers", "load", "expected"), [(1, 0.3, 0.3), (2, 1.0, 1 / 3), (4, 3.2, 0.5964), (3, 2, 4 / 9)]
)
def test_erlang_c_has_its_published_values(servers: int, load: float, expected: float) -> None:
    assert q.erlang_c(servers, load) == pytest.approx(expected, abs=5e-5)


def test_four_servers_at_eighty_per_cent_wait_three_quarters_of_a_service() -> None:
    assert q.mmc_mean_wait(3.2, 1.0, 4) == pytest.approx(0.7455, abs=5e-5)
    assert q.mmc_mean_wait(3200.0, 0.001, 4) == pytest.approx(0.7455e-3, abs=5e-8)


@given(st.floats(0.05, 0.95), SERVERS)
def test_erlang_c_solves_the_balance_equations(load: float, servers: int) -> None:
    waits, mean = birth_death_wait(load * servers, servers)
    assert q.erlang_c(servers, load * servers) == pytest.approx(waits, rel=1e-6)
    assert q.mmc_mean_wait(load * servers, 1.0, servers) == pytest.approx(mean, rel=1e-6)


def test_erlang_c_does_not_overflow_for_many_servers() -> None:
    assert 0 < q.erlang_c(2000, 1950.0) < 1


@given(LOADS)
def test_the_formulas_meet_where_their_systems_do(load: float) -> None:
    one = q.mm1_mean_wait(load, 1.0)
    assert q.mmc_mean_wait(load, 1.0, 1) == pytest.approx(one)
    assert q.mg1_mean_wait(load, 1.0, 2.0) == pytest.approx(one)
    assert q.md1_mean_wait(load, 1.0) == pytest.approx(one / 2)
    assert q.mg1_ps_mean_sojourn(load, 1.0) == pytest.approx(q.mm1_mean_sojourn(load, 1.0))
    assert q.product_form_mean_sojourn(load, [q.VisitedStation(1, 1.0)]) == pytest.approx(q.mm1_mean_sojourn(load, 1.0))
    assert q.md1_mean_sojourn(load, 1.0) == pytest.approx(q.mg1_mean_sojourn(load, 1.0, 1.0))


@given(LOADS, SERVERS)
def test_the_tail_of_the_wait_integrates_to_its_mean(load: float, servers: int) -> None:
    rate, mean = load * servers, q.mmc_mean_wait(load * servers, 1.0, servers)
    decay = servers * (1 - load)
    time = np.linspace(0, 40 / decay, 4001)
    tail = [q.mmc_wait_exceeds(float(t), rate, 1.0, servers) for t in time]
    assert np.trapezoid(tail, time) == pytest.approx(mean, rel=1e-4)
    assert tail[0] == pytest.approx(q.erlang_c(servers, rate))


def test_the_sojourn_of_mm1_is_exponential() -> None:
    assert q.mm1_mean_sojourn(0.5, 1.0) == pytest.approx(2.0)
    assert q.mm1_sojourn_exceeds(2.0, 0.5, 1.0) == pytest.approx(math.exp(-1))


def test_pollaczek_and_khinchine_hold_in_a_recursion_of_waits() -> None:
    rng, n = np.random.default_rng(11), 400_000
    service, gaps = rng.choice([0.2, 1.8], size=n, p=[0.5, 0.5]), rng.exponential(2.0, size=n)
    walk = np.concatenate([[0.0], np.cumsum((service - gaps)[:-1])])
    waits = walk - np.minimum.accumulate(walk)  # Lindley
    assert waits.mean() == pytest.approx(q.mg1_mean_wait(0.5, 1.0, (0.04 + 3.24) / 2), rel=0.03)


def test_shared_processors_slow_every_job_in_proportion_to_its_size() -> None:
    assert q.mg1_ps_sojourn_of_size(3.0, 0.75, 1.0) == pytest.approx(12.0)


def test_a_reentrant_tandem_stands_as_if_each_station_saw_all_its_visits() -> None:
    service, authorization = q.VisitedStation(2, 0.1), q.VisitedStation(1, 0.3, servers=2)
    assert service.utilisation(4.0) == pytest.approx(0.8)
    assert authorization.utilisation(4.0) == pytest.approx(0.6)
    sojourn = q.product_form_mean_sojourn(4.0, [service, authorization])
    assert sojourn == pytest.approx(2 * 0.1 / 0.2 + 0.3 / (1 - 0.36))
    numbers = service.mean_number(4.0) + authorization.mean_number(4.0)
    assert numbers == pytest.approx(q.littles_number(4.0, sojourn))


def test_a_lifetime_cache_hits_as_often_as_the_formula_says() -> None:
    rng, ttl = np.random.default_rng(2), 3.0
    loaded, hits, arrivals = -math.inf, 0, np.cumsum(rng.exponential(0.5, size=100_000))
    for now in arrivals.tolist():
        if now - loaded < ttl:
            hits += 1
        else:
            loaded = now
    assert hits / arrivals.size == pytest.approx(ttl_hit_ratio(2.0, ttl), abs=0.004)
    assert ttl_hit_ratio(2.0, ttl) == pytest.approx(6 / 7)


def test_skewed_demand_hits_more_often_than_even_demand() -> None:
    even = zipf_ttl_hit_ratio(50.0, 2.0, 100, 0.0)
    assert even == pytest.approx(ttl_hit_ratio(0.5, 2.0))
    assert zipf_ttl_hit_ratio(50.0, 2.0, 100, 1.0) > even
    two = (2 / 3) * ttl_hit_ratio(2.0, 1.0) + (1 / 3) * ttl_hit_ratio(1.0, 1.0)
    assert zipf_ttl_hit_ratio(3.0, 1.0, 2, 1.0) == pytest.approx(two)


@pytest.mark.parametrize("rate", [1.0, 1.5])
def test_no_steady_state_is_an_error(rate: float) -> None:
    for formula in (q.mm1_mean_wait, q.mm1_mean_sojourn, q.md1_mean_wait, q.mg1_ps_mean_sojourn):
        with pytest.raises(ValueError, match="no steady state"):
            formula(rate, 1.0)
    with pytest.raises(ValueError, match="no steady state"):
        q.mg1_mean_wait(rate, 1.0, 2.0)
    with pytest.raises(ValueError, match="no steady state"):
        q.erlang_c(3, 3 * rate)
    with pytest.raises(ValueError, match="no steady state"):
        q.product_form_mean_sojourn(rate, [q.VisitedStation(2, 0.5)])


def test_impossible_inputs_are_errors() -> None:
    with pytest.raises(ValueError, match="arrival_rate"):
        q.mm1_mean_wait(-1.0, 1.0)
    with pytest.raises(ValueError, match="mean_service_s"):
        q.mm1_mean_wait(0.5, math.nan)
    with pytest.raises(ValueError, match="servers"):
        q.erlang_c(0, 0.5)
    with pytest.raises(ValueError, match="second moment"):
        q.mg1_mean_wait(0.5, 1.0, 0.5)
