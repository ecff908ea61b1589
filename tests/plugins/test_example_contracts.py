"""The example plug-in's own tests: each of its objects keeps the contract of the built-in ones."""

import math
from collections.abc import Sequence

import pytest
from example_plugin import FIGURE, METRIC, ForeignSubject, LastComeFirstServed, RefusalCache

from simlib.contracts.cases import Case, list_cases, use_defaults
from simlib.plugins import check_attack, check_figure, check_metric, check_station, check_strategy
from simlib.strategies import JwtLocal, OpaqueIntrospection, ReferenceToken
from simlib.tokens import ENCRYPTED, JWT, OPAQUE, PASETO
from simlib.tokens.forging import alter
from support.missing_packages import hide_packages


def compute_ends(arrivals: Sequence[float], sizes: Sequence[float], workers: int) -> list[float]:
    """Last come, first served, job by job: at each end of a service the job that came last takes the worker."""
    ends = [math.nan] * len(sizes)
    busy: list[tuple[float, int]] = []
    waiting: list[int] = []

    def work_until(instant: float) -> None:
        while busy and min(busy)[0] <= instant:
            now, job = busy.pop(busy.index(min(busy)))
            ends[job] = now
            if waiting:
                latest = waiting.pop()
                busy.append((now + sizes[latest], latest))

    for job, arrival in enumerate(arrivals):
        work_until(arrival)
        if len(busy) < workers:
            busy.append((arrival + sizes[job], job))
        else:
            waiting.append(job)
    work_until(math.inf)
    return ends


def test_the_wrapper_keeps_the_contract_of_strategies() -> None:
    check_strategy(RefusalCache, RefusalCache.Settings(ttl_s=5.0, capacity=3))


def test_it_is_checked_with_the_parts_that_are_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    hide_packages(monkeypatch, "joserfc", "pyseto")
    formats = {case.issuer.token_format for case in list_cases(RefusalCache)}
    assert formats.isdisjoint({ENCRYPTED, PASETO})
    assert {OPAQUE, JWT} <= formats


def test_the_station_keeps_the_contract_of_stations_and_serves_the_last_first() -> None:
    check_station(LastComeFirstServed, compute_ends)


def test_the_metric_keeps_the_contract_of_metrics() -> None:
    check_metric(*METRIC)


@pytest.mark.usefixtures("registered")
def test_the_figure_keeps_the_contract_of_figures() -> None:
    check_figure(FIGURE[1])


def test_the_attack_keeps_the_contract_of_attacks() -> None:
    check_attack(ForeignSubject)


def test_one_bad_token_costs_one_introspection() -> None:
    stepped = use_defaults(Case(OpaqueIntrospection, ReferenceToken, (RefusalCache,))).build()
    for _ in range(100):
        assert stepped.present("invented").status == 401
    assert stepped.calls["introspect"] == 1
    assert stepped.at(60.0).present("invented").status == 401
    assert stepped.calls["introspect"] == 2


def test_a_remembered_refusal_is_as_cheap_as_it_declares() -> None:
    from simlib.strategies import JwtAccessToken

    stepped = use_defaults(Case(JwtLocal, JwtAccessToken, (RefusalCache,))).build()
    bad = alter(stepped.issue().token, 5)
    assert stepped.present(bad).reason == "signature"
    before = stepped.stepper.operations.copy()
    assert stepped.present(bad).reason == "signature"
    assert set(stepped.stepper.operations - before) == RefusalCache.list_operations(
        RefusalCache.Settings(), stepped.deployment
    )
