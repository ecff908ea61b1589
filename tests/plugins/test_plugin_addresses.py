"""Addresses of results depend on the code of plug-ins; where that cannot be found, results are not kept."""

from collections.abc import Callable
from typing import Any

from example_plugin.slow_requests import SLOW_SHARE, compute_slow_share

from simlib.experiment.code_version import describe_plugin_code
from simlib.experiment.jobs import Job
from simlib.experiment.result_address import AddressBuilder
from simlib.plugins import register_metric
from simlib.scenario.registry import isolate_registrations
from support.scenarios import scenario


def test_a_metric_of_a_plug_in_is_part_of_the_address() -> None:
    job = Job(scenario(), "jwt_local", 0)
    plain = AddressBuilder().identify(job)
    with isolate_registrations():
        register_metric(SLOW_SHARE, compute_slow_share)
        assert AddressBuilder().identify(job) != plain
        assert ["metric", SLOW_SHARE.name] in [row[:2] for row in describe_plugin_code() or []]
    assert AddressBuilder().identify(job) == plain


def test_another_function_of_the_metric_makes_another_address() -> None:
    job = Job(scenario(), "jwt_local", 0)
    with isolate_registrations():
        register_metric(SLOW_SHARE, compute_slow_share)
        first = AddressBuilder().identify(job)
        register_metric(SLOW_SHARE, lambda records, warm_up_s: 0.0)
        assert AddressBuilder().identify(job) not in (None, first)


def test_a_metric_whose_code_cannot_be_found_leaves_no_address() -> None:
    names: dict[str, Any] = {"__name__": "typed_in"}
    exec("def compute(records, warm_up_s):\n    return 0.0", names)
    compute: Callable[..., float] = names["compute"]
    with isolate_registrations():
        register_metric(SLOW_SHARE, compute)
        assert AddressBuilder().identify(Job(scenario(), "jwt_local", 0)) is None
