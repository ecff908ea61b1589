"""Servers sized by search over simulations, where queueing theory knows the answer."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from simlib.analysis.queueing import mmc_mean_sojourn
from simlib.decision.economics.prices import resolve_prices
from simlib.decision.gain.sizing import size_designs
from simlib.decision.gain.values import Size
from simlib.deployment.parts import PARTS
from simlib.scenario.economics import Prices
from simlib.scenario.limits import Limits
from simlib.scenario.loading import build_scenario
from simlib.scenario.scenario import Scenario
from support.worlds import DESIGNS, costing, document, exponential, link, scenario

PRICES = resolve_prices(Prices())
SERVICE_S = 0.02
ROUND_TRIP_S = 0.001


def station(arrival_rate: float, **limits: float) -> Scenario:
    """An API that is an M/M/c queue: nothing costs time but its exponential work and a constant round trip."""
    made = scenario(
        users=20,
        arrival_rate=arrival_rate,
        designs={"jwt": DESIGNS["jwt"]},
        service={"work": exponential(SERVICE_S), "workers": 2, "user_information_share": 0.0},
        links={"client_to_service": link(ROUND_TRIP_S)},
        length_s=60.0,
        warm_up_s=3.0,
    )
    return replace(costing(made), limits=Limits(**limits))


def sized(asked: Scenario, budget: float = 0.9, **more: Any) -> Size:
    (own,) = size_designs(asked, PRICES, budget=budget, **more).values()
    return own


def sojourn(arrival_rate: float, servers: int) -> float:
    return ROUND_TRIP_S + mmc_mean_sojourn(arrival_rate, SERVICE_S, servers)


@pytest.mark.parametrize(("rate", "smallest"), [(90.0, 3), (200.0, 6)])
def test_the_smallest_number_of_servers_is_that_of_erlang_c(rate: float, smallest: int) -> None:
    """The limit lies well between the sojourn with c servers and that with one less, so no interval spans it."""
    limit = (sojourn(rate, smallest) + sojourn(rate, smallest - 1)) / 2
    own = sized(station(rate, mean_s=limit), budget=1.6)
    assert own.met
    assert own.service_vcpus == smallest
    assert own.authorization_server_vcpus == 1
    assert own.intervals["mean_s"].low <= sojourn(rate, smallest) * 1.1
    assert own.intervals["mean_s"].high <= limit
    assert own.cost_per_hour == pytest.approx((smallest + 1) * PRICES.by_key["vcpu_hour"].likely)
    # The record proves that it is the cheapest: all that is cheaper failed, its neighbour among it.
    cheaper = [one for one in own.trials if one.cost_per_hour < own.cost_per_hour]
    assert all(not one.met for one in cheaper)
    (neighbour,) = [one for one in cheaper if one.service_vcpus == smallest - 1]
    assert neighbour.authorization_server_vcpus == own.authorization_server_vcpus
    assert "mean latency up to" in neighbour.reasons[0]


def test_what_cannot_work_is_not_simulated() -> None:
    own = sized(station(90.0, mean_s=1.0))  # any queue that keeps up is good enough: two servers, 90 % busy
    assert (own.service_vcpus, own.met) == (2, True)
    (overloaded,) = [one for one in own.trials if one.service_vcpus == 1]
    assert not overloaded.simulated
    assert "overloaded by the utilisation law" in overloaded.reasons[0]


def test_more_load_never_needs_fewer_servers() -> None:
    asked = station(50.0, mean_s=0.03)
    needed = [sized(asked, load=load, budget=0.5).service_vcpus for load in (50.0, 100.0, 200.0)]
    assert needed == sorted(needed)
    assert needed[0] < needed[-1]


def test_no_server_makes_the_way_shorter() -> None:
    own = sized(station(50.0, mean_s=ROUND_TRIP_S), budget=0.5)
    assert not own.met
    assert own.service_vcpus >= 10  # the largest one tried is told: nobody waits there
    assert "mean latency up to" in own.trials[-1].reasons[0]


def test_without_limits_an_assumption_is_said() -> None:
    own = sized(station(80.0), budget=1.0)
    assert own.assumed
    assert own.limits["rs_utilisation"] == 0.5
    assert own.service_vcpus == 4  # 1.6 busy servers, surely at most half busy each
    assert own.intervals["rs_utilisation"].high <= 0.5
    assert own.limits["p99_s"] == pytest.approx(2 * 4.6 * SERVICE_S, rel=0.2)  # p99 of an exponential: ln(100) times


def test_a_database_is_sized_as_well() -> None:
    made = document(
        arrival_rate=100.0,
        designs={"opaque": DESIGNS["opaque"]},
        service={"work": exponential(0.001), "user_information_share": 0.0},
        world={
            "store": {
                "kind": "database",
                "database": {"link": link(0.0005), "call": exponential(1e-5), "work": exponential(0.015)},
            }
        },
        length_s=20.0,
        warm_up_s=1.0,
    )
    made["limits"] = {"p99_s": 0.12}
    own = sized(costing(build_scenario(made, PARTS, Path("test.toml"))), budget=0.9)
    assert own.met
    assert own.database_vcpus in (2, 3)  # 1.5 busy vCPUs
    assert (own.service_vcpus, own.authorization_server_vcpus) == (1, 1)
    expected = 2 * PRICES.by_key["vcpu_hour"].likely + own.database_vcpus * PRICES.by_key["database_vcpu_hour"].likely
    assert own.cost_per_hour == pytest.approx(expected)
