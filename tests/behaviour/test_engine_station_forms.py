"""Both forms of the FIFO station tell the same story wherever the recursion is legal.

Rows are compared request by request: the recursion knows an end when the job arrives and so writes its row earlier.
"""

from dataclasses import replace

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from simlib.analysis import check_littles_law
from simlib.engine.network import Network
from simlib.scenario.records import Records
from simlib.scenario.variates import Variates
from support.networks import Floats, by_request, run
from support.random_networks import arrivals, meets_itself, networks

HORIZONS = st.sampled_from([1.0, 2.25, 4.0, 7.75, 1000.0])


def both(network: Network, times: Floats, horizon: float, seed: int) -> tuple[Records, Records]:
    variates = Variates(seed, 0)
    ahead = run(network, times, horizon, variates=variates, detail="visits")
    events = run(network, times, horizon, variates=variates, detail="visits", form="events")
    modelled = {host.name for host in network.hosts if host.workers is not None}
    assert ahead.forms == dict.fromkeys(modelled, "kiefer_wolfowitz")
    assert events.forms == dict.fromkeys(modelled, "fifo_events")
    assume(not meets_itself(events))
    return ahead, events


@settings(max_examples=100, deadline=None)
@given(networks(), arrivals(), HORIZONS, st.integers(0, 5))
def test_both_forms_tell_the_same_of_requests_calls_visits_and_stations_and_obey_little(
    network: Network, times: Floats, horizon: float, seed: int
) -> None:
    """Rows byte for byte, the integrals of the stations at every sample; one pair of runs for all three."""
    ahead, events = both(network, times, horizon, seed)
    assert_equal_rows(ahead, events)
    assert_equal_integrals(ahead, events)
    for records in (ahead, events):
        assert (check_littles_law(records)["relative_difference"].abs() <= 1e-9).all()


def assert_equal_rows(ahead: Records, events: Records) -> None:
    for table in ("requests", "calls", "visits"):
        ours, theirs = by_request(ahead, table), by_request(events, table)
        for column, values in ours.items():
            assert values.tobytes() == theirs[column].tobytes(), (table, column, values, theirs[column])


def assert_equal_integrals(ahead: Records, events: Records) -> None:
    ours, theirs = ahead["stations"], events["stations"]
    for column in ("host", "replica", "time", "number", "arrivals"):
        assert ours[column].tolist() == theirs[column].tolist(), column
    for column in ("busy", "present"):
        np.testing.assert_allclose(ours[column], theirs[column], rtol=1e-9, atol=1e-12)


@settings(max_examples=100, deadline=None)
@given(networks(), arrivals(), HORIZONS, st.integers(0, 5), st.sampled_from(["requests", "calls"]))
def test_how_much_is_written_down_changes_nothing_that_happens(
    network: Network, times: Floats, horizon: float, seed: int, detail: str
) -> None:
    variates = Variates(seed, 0)
    full = run(network, times, horizon, variates=variates, detail="visits")
    less = run(network, times, horizon, variates=variates, detail=detail)
    for column, values in full["requests"].items():
        assert values.tobytes() == less["requests"][column].tobytes(), column


@settings(max_examples=60, deadline=None)
@given(networks(), arrivals(), st.integers(0, 5))
def test_every_request_is_told_of_exactly_once_and_all_end_when_there_is_time(
    network: Network, times: Floats, seed: int
) -> None:
    for horizon in (2.0, 1000.0):
        rows = run(network, times, horizon, variates=Variates(seed, 0))["requests"]
        assert sorted(rows["request"].tolist()) == list(range(int((times < horizon).sum())))
        ended = ~np.isnan(rows["end"])
        assert ((rows["outcome"] == 0) == ended).all()
        assert (rows["end"][ended] < horizon).all()
        assert ended.all() or horizon < 1000.0


@settings(max_examples=60, deadline=None)
@given(networks(), arrivals(), HORIZONS, st.integers(0, 5))
def test_a_processor_sharing_network_obeys_little_too(
    network: Network, times: Floats, horizon: float, seed: int
) -> None:
    shared = tuple(replace(host, discipline="processor_sharing", known_on_arrival=False) for host in network.hosts)
    records = run(replace(network, hosts=shared), times, horizon, variates=Variates(seed, 0), detail="visits")
    assert (check_littles_law(records)["relative_difference"].abs() <= 1e-9).all()
