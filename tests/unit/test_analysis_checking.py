"""Metrics of token checks and of calls to the authorization server, computed from records."""

from typing import Any

import numpy as np
import pytest

from simlib import simulate
from simlib.analysis import METRICS, summarise
from simlib.analysis.cache_theory import outage_survival
from simlib.analysis.gain_figures import (
    compute_answer_ages,
    compute_checking_quantile,
    compute_older_shares,
    compute_outage_share,
)
from simlib.analysis.usage import compute_mean_reply_bytes, count_calls_per_request
from simlib.experiment import replicate
from simlib.experiment.replicate import measure
from simlib.scenario.records import FINISHED, SCHEMA, Records
from support.networks import assert_covered
from support.worlds import DESIGNS, constant, costing, link, scenario

HORIZON = 100.0
REQUEST = {"accepted": 1, "outcome": FINISHED, "token": 0, "replica": 0}


def records(requests: list[dict[str, Any]], calls: list[dict[str, Any]] | None = None) -> Records:
    """Records with these rows; what a row does not say is 0."""
    rows = {"requests": requests, "calls": calls or []}
    tables = {
        table: {
            name: np.array([row.get(name, 0) for row in rows.get(table, [])], dtype=kind) for name, kind in own.items()
        }
        for table, own in SCHEMA.items()
    }
    names = ("service", "authorization_server", "introspect", "token")
    return Records(tables, names, HORIZON, {"service": 1, "authorization_server": 1}, {})


def request(at: float, based_on: float, **more: Any) -> dict[str, Any]:
    return {**REQUEST, "arrival": at, "decided": at, "end": at, "based_on": based_on, **more}


def test_the_age_of_an_answer_lasts_from_the_word_of_the_server_to_the_verdict() -> None:
    made = records([request(5.0, 1.0), request(20.0, 18.0), request(30.0, 20.0), request(40.0, 0.0, accepted=0)])
    assert sorted(compute_answer_ages(made, 10.0)) == [2.0, 10.0]  # not what came in the warm-up, nor what was refused
    assert compute_older_shares(made, 10.0, (0, 2, 5, 10)) == {0: 1.0, 2: 0.5, 5: 0.5, 10: 0.0}
    assert np.isnan(compute_older_shares(made, 50.0, [1])[1])


def test_the_quantile_of_checking_leaves_out_what_is_no_latency() -> None:
    taken = [request(10.0 + n, 0.0, checking=n / 1000) for n in range(101)]
    met_a_refusal = request(20.0, 0.0, checking=9.0, refusals=1)
    assert compute_checking_quantile(records([*taken, met_a_refusal]), 0.0, 0.99) == pytest.approx(0.099)
    assert np.isnan(compute_checking_quantile(records([met_a_refusal]), 0.0, 0.5))


def test_in_an_outage_only_what_was_asked_before_by_the_same_replica_about_the_same_token_helps() -> None:
    made = records(
        [
            request(10.0, 10.0, asked=1),
            request(25.0, 25.0, asked=1),
            request(26.0, 25.0),
            request(26.0, 26.0, asked=1, replica=1),
            request(27.0, 27.0, asked=1, token=1),
            request(28.0, 28.0, asked=1, accepted=0, token=2),
        ]
    )
    assert compute_outage_share(made, 20.0, 0.5, 5.0) == 0.25  # the third row, by the second
    assert compute_outage_share(made, 20.0, 2.0, 20.0) == 0.5  # the second and the third, by the first
    assert compute_outage_share(made, 20.0, 2.0, 15.5) == 0.25  # for the third it is too old
    assert compute_outage_share(made, 20.0, 20.0, 100.0) == 0.0
    assert np.isnan(compute_outage_share(records([]), 0.0, 1.0, 1.0))


def cached_runs(lifetime: float, ttl: float, replicas: int) -> list[Records]:
    nowhere = ("client_to_service", "client_to_authorization_server", "service_to_authorization_server")
    design = {**DESIGNS["cached"], "token_lifetime_s": lifetime, "replicas": {"service": replicas}}
    made = scenario(
        users=20,
        arrival_rate=6.0,
        designs={"cached": {**design, "service": {"part": "opaque_cached", "ttl_s": ttl}}},
        links={way: link(0.0) for way in nowhere},
        service={"work": constant(0.0)},
        length_s=200.0,
        warm_up_s=80.0,
    )
    return [simulate(costing(made), "cached", n) for n in range(6)]


def test_without_grace_an_outage_leaves_the_old_answers_and_with_it_what_the_closed_form_says() -> None:
    ttl, grace, seconds = 8.0, 12.0, 5.0
    runs = cached_runs(1e6, ttl, replicas=2)
    for run in runs:
        assert compute_outage_share(run, 80.0, seconds, ttl) == pytest.approx(
            compute_older_shares(run, 80.0, [seconds])[seconds]
        )
    served = [compute_outage_share(run, 80.0, seconds, ttl + grace) for run in runs]
    assert_covered(served, outage_survival(seconds, 6.0 / 20 / 2, ttl, grace), 0.1)


def test_calls_are_counted_per_request_and_target_after_the_warm_up() -> None:
    to_server = {"caller": 0, "callee": 1, "status": 200}
    made = records(
        [request(at, 0.0) for at in (5.0, 20.0, 30.0, 40.0, 50.0)],
        [
            {**to_server, "target": 2, "sent": 5.0, "reply_bytes": 9},
            {**to_server, "target": 2, "sent": 20.0, "reply_bytes": 300},
            {**to_server, "target": 2, "sent": 30.0, "reply_bytes": 500},
            {**to_server, "target": 2, "sent": 31.0, "status": 0},
            {**to_server, "target": 3, "sent": 40.0, "reply_bytes": 700},
            {"caller": 1, "callee": 0, "target": 3, "sent": 41.0, "status": 200},
        ],
    )
    assert count_calls_per_request(made, 10.0) == {"introspect": 0.75, "token": 0.25}
    assert compute_mean_reply_bytes(made, 10.0, "introspect") == 400.0
    assert np.isnan(compute_mean_reply_bytes(made, 60.0, "introspect"))
    assert np.isnan(compute_mean_reply_bytes(made, 10.0, "jwks"))


def test_the_calls_add_up_to_those_of_the_summary() -> None:
    made = scenario(length_s=20.0, warm_up_s=5.0)
    run = simulate(made, "opaque")
    figures = summarise(run, 5.0)
    assert sum(count_calls_per_request(run, 5.0).values()) * figures["arrivals"] == pytest.approx(
        figures["as_requests_per_s"] * 15.0
    )


def test_measured_figures_stand_beside_those_of_a_summary() -> None:
    made = scenario(length_s=10.0)
    frame = measure(made, lambda run: {"arrived": float(len(run["requests"]["request"])), "mean_s": -1.0})
    assert list(zip(frame["design"], frame["replication"], strict=True)) == [(d, n) for n in (0, 1) for d in DESIGNS]
    assert set(METRICS) - {"sign_in_mean_s"} <= set(frame.columns)
    assert (frame["mean_s"] == -1.0).all()  # one's own figure goes first
    own = frame[frame["design"] == "jwt"].reset_index(drop=True)
    usual = replicate(made, "jwt")
    assert own["p99_s"].tolist() == usual["p99_s"].tolist()
    assert own["arrived"].tolist() == usual["arrivals"].tolist()
