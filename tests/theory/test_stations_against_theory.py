"""The engine against closed forms: the 99.9 % interval over replications covers them and is a few per cent wide.

Seeds are fixed, lengths give the wanted width. A correct engine fails one of these checks in a thousand choices of
seeds; three further choices failed none. Many short replications need fewer requests for the same width than few long
ones: Student's quantile is smaller.
"""

from typing import Any

import numpy as np
import pytest

from simlib.analysis import queueing as q
from simlib.engine.costs import StatedCosts
from simlib.engine.network import Host, Network, Path
from simlib.scenario.distributions import Constant, Exponential, Lognormal, Uniform
from simlib.scenario.effects import Call, Compute, Reply
from simlib.scenario.variates import Variates
from support.networks import Law, Message, assert_covered, mean_sojourns, one_station, poisson, run

EXPONENTIAL, CONSTANT = Exponential(mean_s=1.0), Constant(value_s=1.0)
UNIFORM = Uniform(low_s=0.0, high_s=2.0)
LOGNORMAL = Lognormal(median_s=0.8, p99_s=0.8 * np.exp(2.3263478740408408 * np.sqrt(2 * np.log(1.25))))
"""Mean 1 and sigma^2 = 2 ln 1.25, hence second moment 1.25^2."""
RUNS = 24
TWO_SIZES = Law(lambda u: np.where(u < 0.75, 0.5, 2.5))
"""Three short jobs and a long one: mean 1, squared coefficient of variation 0.75."""


def means_in_both_forms(network: Network, rate: float, requests: int) -> list[float]:
    """Mean sojourns in all replications; two of them are also run event by event, and are the same to rounding."""
    means = mean_sojourns(network, rate, requests, RUNS, form="auto")
    assert mean_sojourns(network, rate, requests, 2, form="events") == pytest.approx(means[:2], rel=1e-9)
    return means


@pytest.mark.parametrize(("workers", "load"), [(1, 0.5), (4, 0.7)])
def test_exponential_service_waits_as_erlang_says(workers: int, load: float) -> None:
    rate = load * workers
    means = means_in_both_forms(one_station(EXPONENTIAL, workers), rate, 8_000)
    assert_covered(means, q.mmc_mean_sojourn(rate, 1.0, workers))


def test_constant_service_waits_half_as_long() -> None:
    means = means_in_both_forms(one_station(CONSTANT), 0.6, 3_000)
    assert_covered(means, q.md1_mean_sojourn(0.6, 1.0))


@pytest.mark.parametrize(
    ("service", "second_moment"), [(UNIFORM, 4 / 3), (LOGNORMAL, 1.25**2)], ids=["uniform", "lognormal"]
)
def test_any_service_waits_as_pollaczek_and_khinchine_say(service: Any, second_moment: float) -> None:
    means = means_in_both_forms(one_station(service), 0.6, 8_000)
    assert_covered(means, q.mg1_mean_sojourn(0.6, 1.0, second_moment))


def test_waits_are_distributed_as_in_the_m_m_c_queue() -> None:
    workers, rate, level = 3, 2.1, 1.0
    shares = []
    for replication in range(RUNS):
        arrivals = poisson(rate, 10_000, replication)
        variates = Variates(1, replication)
        rows = run(one_station(EXPONENTIAL, workers), arrivals, 1e9, variates=variates, detail="requests")["requests"]
        service = EXPONENTIAL.invert(variates.draw_column("server.work", len(arrivals)))
        waited = (rows["end"] - rows["arrival"])[1000:] - service[rows["request"]][1000:]
        shares.append(float((waited > level).mean()))
    assert_covered(shares, q.mmc_wait_exceeds(level, rate, 1.0, workers), narrow=0.08)


@pytest.mark.parametrize("service", [EXPONENTIAL, CONSTANT], ids=["exponential", "constant"])
def test_processor_sharing_has_one_mean_for_every_distribution(service: Any) -> None:
    network = one_station(service, discipline="processor_sharing")
    means = mean_sojourns(network, 0.5, 4_500, RUNS)
    assert_covered(means, q.mg1_ps_mean_sojourn(0.5, 1.0))


def test_under_processor_sharing_a_job_takes_in_proportion_to_its_size() -> None:
    short, long, whole = [], [], []
    for replication in range(RUNS):
        variates = Variates(1, replication)
        arrivals = poisson(0.5, 3_500, replication)
        network = one_station(TWO_SIZES, discipline="processor_sharing")
        rows = run(network, arrivals, 1e9, variates=variates, detail="requests")["requests"]
        size = TWO_SIZES.invert(variates.draw_column("server.work", len(arrivals)))[rows["request"]]
        taken = rows["end"] - rows["arrival"]
        late = rows["request"] >= 350
        short.append(float(taken[late & (size == 0.5)].mean()))
        long.append(float(taken[late & (size == 2.5)].mean()))
        whole.append(float(taken[late].mean()))
    assert_covered(whole, q.mg1_ps_mean_sojourn(0.5, 1.0))  # as of any other distribution
    assert_covered(short, q.mg1_ps_sojourn_of_size(0.5, 0.5, 1.0))
    assert_covered(long, q.mg1_ps_sojourn_of_size(2.5, 0.5, 1.0))


def test_sharing_among_several_workers_with_exponential_service_is_m_m_c() -> None:
    # The number present is the same birth and death process as under FIFO, so by Little's law the mean is too.
    means = mean_sojourns(one_station(EXPONENTIAL, 3, "processor_sharing"), 1.8, 6_000, RUNS)
    assert_covered(means, q.mmc_mean_sojourn(1.8, 1.0, 3))


def there_and_back() -> Network:
    """A resource server (4) works, asks an authorization server (2) and works again."""
    before, after, ask = Compute("before"), Compute("after"), Call("introspect", Message())

    def serve(_: int) -> Any:
        yield before
        yield ask
        yield after

    def answer(_: Any) -> Any:
        yield Compute("work")
        return Reply(200)

    return Network(
        hosts=(Host("service", 4, known_on_arrival=True), Host("authorization_server", 2, known_on_arrival=True)),
        entry=("service", lambda _: serve),
        costs=StatedCosts({"before": EXPONENTIAL, "after": EXPONENTIAL, "work": EXPONENTIAL}),
        paths=(Path("service", "authorization_server", Constant(value_s=0.5)),),
        handlers={"introspect": ("authorization_server", lambda _: answer)},
    )


def test_a_station_that_is_visited_twice_has_product_form() -> None:
    rate = 1.2
    stations = [q.VisitedStation(2, 1.0, 4), q.VisitedStation(1, 1.0, 2)]
    means = means_in_both_forms(there_and_back(), rate, 2_500)
    assert_covered(means, 0.5 + q.product_form_mean_sojourn(rate, stations))
