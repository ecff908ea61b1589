"""Gain figures on records made by hand, where every number can be computed in the head."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from simlib.analysis import GAIN_METRICS, METRICS, compute_gain_figures
from simlib.scenario.records import SCHEMA, Records
from simlib.scenario.sinks import MemorySink

NAN = math.nan
NAMES = (
    *("client", "service", "authorization_server", "store", "gateway"),
    *("api", "introspect", "receive/service", "store.sqlite.get", "store.sqlite.put", "store.call", "store.work"),
    "cache.lookup",
)
CLIENT, RS, AS, DB, GATEWAY, API, INTROSPECT, PUSH, GET, PUT, CALL, WORK, LOOKUP = range(len(NAMES))
BLANK: Mapping[str, Any] = {"end": NAN, "decided": NAN, "based_on": NAN, "token": -1, "replica": -1, "accepted": -1}
INSIDE = {"service": 1, "authorization_server": 1, "gateway": 1}


def records(workers: Mapping[str, int] = INSIDE, **tables: Iterable[Mapping[str, Any]]) -> Records:
    sink = MemorySink()
    for table, rows in tables.items():
        for row in rows:
            sink.open_writer(table)(tuple(row.get(name, BLANK.get(name, 0)) for name in SCHEMA[table]))
    return Records(sink.close(), NAMES, 100.0, workers, dict.fromkeys(workers, "events"))


def judged(decided: float, based_on: float, accepted: int = 1) -> dict[str, Any]:
    return {"arrival": decided, "decided": decided, "based_on": based_on, "accepted": accepted}


def test_staleness_is_the_age_of_the_word_behind_accepted_verdicts() -> None:
    made = records(
        requests=[
            judged(5.0, -95.0),  # in the warm-up
            judged(20.0, 20.0),
            judged(30.0, 0.0),
            judged(40.0, 10.0, accepted=0),  # refused: nobody acted on anything
            judged(50.0, 20.0),
            {"arrival": 60.0},  # no verdict
        ]
    )
    figures = compute_gain_figures(made, 10.0)
    assert figures["staleness_mean_s"] == pytest.approx((0 + 30 + 30) / 3)
    assert figures["staleness_max_s"] == 30.0
    assert figures["staleness_p99_s"] == pytest.approx(30.0)


def test_operations_of_a_store_inside_the_server_are_counted_per_request() -> None:
    made = records(
        requests=[judged(20.0, 20.0)] * 4,
        operations=[
            {"host": AS, "operation": GET, "count": 6, "seconds": 0.06},
            {"host": AS, "operation": PUT, "count": 2, "seconds": 0.10},
            {"host": AS, "operation": LOOKUP, "count": 99, "seconds": 9.0},
            {"host": RS, "operation": GET, "count": 99, "seconds": 9.0},  # not the token store's host
        ],
    )
    figures = compute_gain_figures(made, 0.0)
    assert figures["store_operations_per_request"] == 2.0
    assert figures["store_s"] == pytest.approx(0.04)
    assert figures["rows_written_per_s"] == 0.02  # two in a hundred seconds
    assert math.isnan(figures["store_cpu_s"])  # no host of its own


def test_rows_of_a_database_are_told_by_their_size() -> None:
    def asked(sent: float, size: int) -> dict[str, Any]:
        return {"caller": AS, "callee": DB, "target": DB, "sent": sent, "request_bytes": size}

    made = records(
        {**INSIDE, "store": 2},
        requests=[judged(20.0, 20.0)] * 2,
        calls=[asked(1.0, 151), asked(20.0, 64), asked(30.0, 72), asked(40.0, 151), asked(50.0, 128)],
        operations=[
            {"host": AS, "operation": CALL, "count": 5, "seconds": 0.005},
            {"host": DB, "operation": WORK, "count": 5, "seconds": 0.1},
        ],
        stations=[
            {"host": DB, "time": 20.0, "busy": 1.0},
            {"host": DB, "time": 100.0, "busy": 1.5},
        ],
    )
    figures = compute_gain_figures(made, 20.0)
    assert figures["rows_written_per_s"] == pytest.approx(2 / 80)  # one was written in the warm-up
    assert figures["store_operations_per_request"] == 2.5  # five, not ten: both ends are one operation
    assert figures["store_s"] == pytest.approx(0.0525)
    assert figures["store_cpu_s"] == pytest.approx(0.5 / 2)


def test_the_largest_header_is_that_of_a_request_with_a_token() -> None:
    made = records(
        calls=[
            {"callee": GATEWAY, "target": GATEWAY, "request_bytes": 400},
            {"callee": RS, "target": API, "request_bytes": 1255},
            {"callee": AS, "target": INTROSPECT, "request_bytes": 5000},  # a body, and not at a resource server
            {"callee": RS, "target": PUSH, "request_bytes": 9000},  # what the AS pushes bears no client's token
        ]
    )
    assert compute_gain_figures(made, 0.0)["header_bytes"] == 1255.0


def test_tokens_that_were_there_before_are_not_issued() -> None:
    made = records(tokens=[{"issued": at} for at in (-20.0, 5.0, 30.0, 60.0, 90.0)])
    assert compute_gain_figures(made, 10.0)["tokens_issued_per_s"] == pytest.approx(3 / 90)


def test_nothing_gives_undefined_figures_and_no_warning() -> None:
    figures = compute_gain_figures(records(), 0.0)
    undefined = {name for name, value in figures.items() if math.isnan(value)}
    assert {"staleness_mean_s", "header_bytes", "store_s", "store_cpu_s"} <= undefined


def test_every_figure_has_a_name_of_its_own() -> None:
    assert not set(GAIN_METRICS) & set(METRICS)
    columns = set(compute_gain_figures(records(), 0.0)) - {"renewals_per_s", "cut_short"}
    assert columns | {"kept_rows", "stored_bytes"} == set(GAIN_METRICS)
