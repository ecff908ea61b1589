"""Rows kept in the token store: by Little's law of the long run, however few tokens a short run issues."""

from typing import Any

import numpy as np
import pytest

from simlib.analysis.renewals import count_renewals
from simlib.decision.gain.gain import Budgets, measure_gain
from simlib.decision.gain.kept_rows import Renewals, compute_renewals, control_rows
from simlib.scenario.records import SCHEMA, Records
from simlib.scenario.sinks import MemorySink
from support.worlds import DESIGNS, NO_DELAY, exponential, scenario

LIFE, USERS, RATE = 1200.0, 150, 0.05
JWT = DESIGNS["jwt"]
STORED = {"part": "stored_jwt", "algorithm": "ES256"}
EARLY = {"client": {"part": "bearer", "refresh_before_s": 300.0}}
STRATEGIES: dict[str, dict[str, Any]] = {
    "reference": DESIGNS["opaque"],
    "early": {**DESIGNS["opaque"], **EARLY},
    "stored": {**JWT, "authorization_server": STORED},
    "listed": {**JWT, "wrappers": [{"part": "denylist_polled", "poll_s": 5.0}]},
}


def measure(revoked: float, *names: str) -> Any:
    designs = {name: {**STRATEGIES[name], "token_lifetime_s": LIFE} for name in names}
    made = scenario(
        users=USERS,
        arrival_rate=USERS * RATE,
        designs=designs,
        links=NO_DELAY,
        world={"store": {"kind": "sqlite"}, "revocations": {"rate": revoked}},
        length_s=40.0,
        warm_up_s=0.0,
        replications=4,
    )
    _, gain = measure_gain(made, budgets=Budgets(20.0, 0.0, 0.0), surfaces=False)
    return gain.table.groupby("design")


def test_they_are_those_of_littles_law_where_nothing_is_revoked() -> None:
    """In less than a minute about five tokens are issued, so counting them leaves an interval down to none."""
    for design, table in measure(0.0, "reference", "early", "stored", "listed"):
        useful = LIFE - 300.0 if design == "early" else LIFE
        stored = 0.0 if design == "listed" else 1.0
        assert table["kept_rows"].tolist() == pytest.approx([stored * USERS * LIFE / (useful + 1 / RATE)] * 4)
        counted = table["rows_written_per_s"] * LIFE
        assert not stored or counted.std() > 0.05 * counted.mean()


def simulate_issued(revoked: float, life: float) -> tuple[float, float]:
    """Tokens issued per second, and revocations of tokens in use, event by event; revocations are noticed at once."""
    draws = np.random.default_rng(1)
    horizon, issued, hits = 400_000.0, 0, 0
    for _ in range(20):
        now = 0.0
        while now < horizon:
            issued += 1
            ends = draws.exponential(USERS / revoked) if revoked else np.inf
            hits += ends < life
            now += min(life, ends) + draws.exponential(1 / RATE)
    return issued * USERS / 20 / horizon, hits * USERS / 20 / horizon


def test_revocations_add_the_rows_that_they_cause() -> None:
    """Of stored tokens those that replace a revoked one; of others the revocations, kept for what is left of a life."""
    revoked = 0.04
    issued, hits = simulate_issued(revoked, LIFE)
    expected = {"reference": issued * LIFE, "listed": hits * LIFE / 2}
    for design, table in measure(revoked, *expected):
        error = float(table["kept_rows"].std(ddof=1)) / 2
        assert error > 0
        assert float(table["kept_rows"].mean()) == pytest.approx(expected[design], abs=5 * error)
        assert design == "listed" or 4 * error < 0.3 * expected[design]


@pytest.mark.parametrize(
    "world",
    [
        {"load": {"kind": "closed", "think": exponential(20.0)}},
        {"load": {"kind": "daily", "arrival_rate": 5.0, "profile": [1, 3]}},
        {"faults": {"down": {"kind": "down", "host": "authorization_server", "at_s": 5, "length_s": 5}}},
    ],
)
def test_there_is_no_closed_form_of_other_loads_and_of_faults(world: dict[str, Any]) -> None:
    assert compute_renewals(scenario(world=world), "opaque") is None
    every = {**DESIGNS["opaque"], "client": {"part": "bearer", "refresh_before_s": 60.0}}
    assert compute_renewals(scenario(designs={"opaque": every}), "opaque") is None
    found = compute_renewals(scenario(users=10, arrival_rate=1.0), "opaque")
    assert found == pytest.approx((10 / 70, 70.0, 30.0))


def test_renewals_that_are_not_those_of_the_closed_form_are_taken_as_they_were_measured() -> None:
    columns = {
        "rows_written_per_s": np.array([1.0, 3.0]),
        "renewals_per_s": np.array([1.0, 3.0]),
        "cut_short": np.zeros(2),
    }
    known = Renewals(1.5, 100.0, 10.0)
    assert control_rows(columns, [known] * 2, 1.0).tolist() == [1.5, 1.5]
    assert control_rows(columns, [known, None], 1.0).tolist() == [1.0, 3.0]
    assert control_rows(columns, [known._replace(length_s=1e4)] * 2, 1.0).tolist() == [1.0, 3.0]
    assert control_rows(columns, [known] * 2, 0.0).tolist() == [1.0, 3.0]


def test_a_token_that_replaces_a_refused_one_counts_the_time_for_which_that_was_used() -> None:
    sink = MemorySink()
    blank = {"token": -1, "client": 1, "size": 9, "refusals": 0, "end": np.nan}
    tables: dict[str, list[dict[str, Any]]] = {
        "tokens": [
            {"user": 0, "issued": -40.0},
            {"user": 0, "issued": 20.0},
            {"user": 1, "issued": -90.0},
            {"user": 1, "issued": 30.0},
            {"user": 1, "issued": 50.0, "client": 0},  # got by a service, in exchange
            {"user": 2, "issued": -5.0, "size": 0},  # not used in the run
        ],
        "requests": [{"user": 0, "arrival": 20.4, "end": 20.9, "refusals": 1}, {"user": 1, "arrival": 30.2}],
    }
    for table, rows in tables.items():
        for row in rows:
            sink.open_writer(table)(tuple(row.get(name, blank.get(name, 0)) for name in SCHEMA[table]))
    records = Records(sink.close(), (), 100.0, {}, {})
    assert count_renewals(records, 0.0) == {"renewals_per_s": 0.01, "cut_short": 0.6}
    assert count_renewals(records, 25.0) == pytest.approx({"renewals_per_s": 1 / 75, "cut_short": 0.0})
