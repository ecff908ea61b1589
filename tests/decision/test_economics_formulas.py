"""Payback, break-even and net present value against the written formulas, and cases worked out by hand."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simlib.decision.economics.formulas import (
    annuity,
    compute_break_even_volume,
    compute_cpu_cost,
    compute_exposure_cost,
    compute_latency_cost,
    compute_net_present_value,
    compute_outage_cost,
    compute_payback_years,
    compute_server_cost,
    compute_storage_cost,
    compute_tolerated_utilisation,
    compute_traffic_cost,
    compute_used_up_years,
    compute_value_per_million,
    compute_vcpus,
    compute_whole_vcpus,
)

MONEY = st.floats(-1e7, 1e7).map(lambda x: round(x, 2))
AMOUNT = st.floats(0.01, 1e6)
YEARS, RATES = st.integers(1, 12), st.floats(0, 0.5)


def written_npv(extra: float, net: float, years: int, rate: float) -> float:
    """-dD + sum over t = 1..T of (B - dO - dR) / (1 + r)^t, term by term."""
    value = -extra
    for year in range(1, years + 1):
        value += net / (1 + rate) ** year
    return value


@given(MONEY, MONEY, YEARS, RATES)
def test_net_present_value_is_the_sum_of_its_years(extra: float, net: float, years: int, rate: float) -> None:
    expected = written_npv(extra, net, years, rate)
    assert float(compute_net_present_value(extra, net, years, rate)) == pytest.approx(expected, rel=1e-9, abs=1e-6)


def test_net_present_value_by_hand() -> None:
    # 1,000 to build, 500 a year for two years at 10 %: 500 / 1.1 + 500 / 1.21 = 454.5454... + 413.2231...
    assert float(compute_net_present_value(1000.0, 500.0, 2, 0.1)) == pytest.approx(-132.23140495867769, rel=1e-12)
    assert float(compute_net_present_value(1000.0, 500.0, 2, 0.0)) == 0.0


def test_half_a_year_counts_half_and_no_rate_counts_years() -> None:
    assert float(annuity(2.5, 0.0)) == 2.5
    assert float(annuity(0.5, 0.21)) == pytest.approx(0.5 / 1.1, rel=1e-12)  # (1.21)^0.5 = 1.1
    assert float(annuity(1.0, 0.25)) == pytest.approx(0.8, rel=1e-12)


@given(st.floats(0.1, 12), RATES)
def test_an_annuity_grows_with_the_horizon_and_never_exceeds_it(years: float, rate: float) -> None:
    value = float(annuity(years, rate))
    assert 0 < value <= years + 1e-12
    assert float(annuity(years + 0.3, rate)) > value


@pytest.mark.parametrize(
    ("extra", "net", "years"),
    [
        (1000.0, 250.0, 4.0),
        (1000.0, 0.0, math.inf),  # never: nothing to pay it back from
        (1000.0, -5.0, math.inf),
        (0.0, 100.0, 0.0),  # at once
        (-300.0, 100.0, 0.0),
        (-300.0, 0.0, 0.0),
        (0.0, 0.0, 0.0),
    ],
)
def test_payback_by_hand(extra: float, net: float, years: float) -> None:
    assert float(compute_payback_years(extra, net)) == years


def test_a_head_start_is_used_up_and_not_paid_back() -> None:
    assert math.isnan(float(compute_payback_years(-300.0, -100.0)))
    assert float(compute_used_up_years(-300.0, -100.0)) == 3.0
    assert float(compute_used_up_years(-300.0, 100.0)) == math.inf
    assert float(compute_used_up_years(0.0, -1.0)) == 0.0


@given(AMOUNT, AMOUNT)
def test_at_its_payback_time_a_design_has_earned_what_it_took(extra: float, net: float) -> None:
    years = float(compute_payback_years(extra, net))
    assert years * net == pytest.approx(extra, rel=1e-9)


def written_break_even(extra: float, yearly: float, fixed: float, beta: float, years: float) -> float:
    numerator = extra / years + yearly - fixed
    if numerator <= 0 and beta >= 0:
        return 0.0  # any volume
    if numerator > 0 and beta <= 0:
        return math.inf  # never
    return numerator / beta


@given(MONEY, MONEY, MONEY, st.floats(-10, 10), st.floats(0.5, 12))
def test_break_even_volume_is_the_written_formula(
    extra: float, yearly: float, fixed: float, beta: float, years: float
) -> None:
    found = float(compute_break_even_volume(extra, yearly, fixed, beta, years))
    assert found == pytest.approx(written_break_even(extra, yearly, fixed, beta, years), rel=1e-9)


@pytest.mark.parametrize(
    ("extra", "yearly", "fixed", "beta", "volume"),
    [
        (3000.0, 500.0, 0.0, 0.001, 1_500_000.0),  # 3,000 / 3 + 500 = 1,500 a year, a tenth of a cent each
        (3000.0, 0.0, 1200.0, 0.001, 0.0),  # any volume: fixed benefits pay for it alone
        (3000.0, 0.0, 0.0, 0.0, math.inf),  # never
        (3000.0, 0.0, 0.0, -0.001, math.inf),
        (-3000.0, 0.0, 0.0, -0.001, 1_000_000.0),  # pays up to there: each request costs more
    ],
)
def test_break_even_volume_by_hand(extra: float, yearly: float, fixed: float, beta: float, volume: float) -> None:
    assert float(compute_break_even_volume(extra, yearly, fixed, beta, 3.0)) == pytest.approx(volume, rel=1e-12)


@given(AMOUNT, AMOUNT, st.floats(1e-6, 1.0), st.integers(1, 10), RATES)
def test_at_the_break_even_volume_the_net_present_value_is_nothing(
    extra: float, yearly: float, beta: float, years: int, rate: float
) -> None:
    volume = float(compute_break_even_volume(extra, yearly, 0.0, beta, annuity(years, rate)))
    value = written_npv(extra, volume * beta - yearly, years, rate)
    assert abs(value) <= 1e-9 * (extra + yearly * years)


@given(MONEY, st.floats(1, 1e12), st.integers(1, 10), RATES)
def test_the_reverse_question_brings_the_value_to_nothing(npv: float, requests: float, years: int, rate: float) -> None:
    per_million = float(compute_value_per_million(npv, requests, years, rate))
    assert npv + written_npv(0.0, per_million * requests / 1e6, years, rate) == pytest.approx(
        0, abs=1e-6 + abs(npv) * 1e-9
    )


def test_without_requests_no_value_of_theirs_brings_anything_to_zero() -> None:
    found = compute_value_per_million(np.array([-5.0, 5.0, 0.0]), np.array([0.0, 0.0, 1e6]), 1, 0.0)
    assert np.isnan(found[:2]).all()
    assert found[2] == 0


def test_costs_by_hand() -> None:
    # 3.6 million requests of 2 ms are 2 CPU hours; half busy they take 4 paid ones.
    assert float(compute_cpu_cost(3.6e6, 0.002, 0.05, 0.5)) == pytest.approx(0.2)
    assert float(compute_server_cost(3, 0.04)) == pytest.approx(3 * 0.04 * 8760)
    assert float(compute_traffic_cost(1e6, 2500.0, 0.02)) == pytest.approx(0.05)  # 2.5 GB
    assert float(compute_storage_cost(5e9, 0.1)) == pytest.approx(6.0)  # 5 GB for 12 months
    assert float(compute_latency_cost(1e6, 0.01, 0.5)) == pytest.approx(5000.0)
    assert float(compute_outage_cost(0.999, 100.0)) == pytest.approx(876.0)  # 8.76 hours
    assert float(compute_exposure_cost(12.0, 1800.0, 50.0)) == pytest.approx(300.0)  # six hours


def test_costs_take_draws_as_they_take_numbers() -> None:
    seconds, prices = np.array([0.001, 0.002]), np.array([0.04, 0.05])
    together = compute_cpu_cost(1e6, seconds, prices, 0.5)
    assert together.tolist() == [float(compute_cpu_cost(1e6, s, p, 0.5)) for s, p in zip(seconds, prices, strict=True)]


@given(st.integers(1, 40), st.floats(0.1, 1e4), st.floats(1e-5, 0.5), st.floats(0.05, 0.95))
def test_at_its_own_load_a_sized_host_keeps_its_size(vcpus: int, load: float, cpu_s: float, target: float) -> None:
    busy = compute_tolerated_utilisation(vcpus, load, cpu_s, target)
    assert float(compute_vcpus(load, cpu_s, busy)) == pytest.approx(vcpus)


@given(st.integers(1, 40), st.floats(1e-5, 0.5), st.floats(1e-3, 1e3), st.floats(1e-3, 1e3))
def test_more_load_never_takes_fewer_servers(vcpus: int, cpu_s: float, one: float, other: float) -> None:
    busy = compute_tolerated_utilisation(vcpus, 10.0, cpu_s, 0.5)
    fewer, more = compute_vcpus(np.array(sorted((one, other))), cpu_s, busy)
    assert 1 <= fewer <= more


def test_a_server_that_idles_is_not_doubled_at_the_first_further_request() -> None:
    busy = compute_tolerated_utilisation(1, 60.0, 0.0001, 0.5)  # 0.6 % busy, and one is the least there is
    assert float(compute_vcpus(61.0, 0.0001, busy)) == 1
    assert float(compute_vcpus(7500.0, 0.0001, busy)) == pytest.approx(1.5)  # 50 % of one are 5,000 requests per second


@pytest.mark.parametrize(("load", "vcpus"), [(1.0, 1), (5000.0, 1), (5001.0, 2), (10_000.0, 2), (10_001.0, 3)])
def test_whole_vcpus_are_rounded_up(load: float, vcpus: int) -> None:
    assert compute_whole_vcpus(load, 0.0001, 0.5) == vcpus


def test_a_host_without_work_keeps_its_least_size() -> None:
    assert compute_vcpus(np.array([1.0, 1e6]), 0.0, compute_tolerated_utilisation(1, 10.0, 0.0, 0.5)).tolist() == [
        1.0,
        1.0,
    ]
