"""Plug-ins: strategies, stations, metrics, figures and attacks of your own, without a change of this package.

In a notebook or script call `register_strategy`, `register_station`, `register_metric`, `register_figure` or
`register_attack`; worker processes get what is registered here. A package names the same objects as entry points, which
are found when they are needed::

    [project.entry-points."simlib.strategies"]      # a class: a part of designs
    my_cache = "my_package.my_cache:MyCache"
    [project.entry-points."simlib.stations"]        # a class: a kind of station
    [project.entry-points."simlib.metrics"]         # a pair: (Metric, function of records and warm-up)
    [project.entry-points."simlib.figures"]         # a triple: (name, function of verdicts, caption)
    [project.entry-points."simlib.attacks"]         # a class: an attack

All of them raise ValueError that says what is missing, or that the name is taken by a built-in one.

Tests of a plug-in hold it to the contract of the built-in ones: `check_strategy`, `check_station`, `check_metric`,
`check_figure` and `check_attack` raise AssertionError with a sentence that names the case and the fault.
`isolate_registrations` undoes the registrations of a test.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from simlib.analysis.metrics import Metric, register_metric
from simlib.attacks import register_attack
from simlib.engine.stations import Occupancy, Station, SteadyStation, register_station
from simlib.report.registered_figures import register_figure
from simlib.scenario.registry import isolate_registrations
from simlib.strategies import register_strategy

if TYPE_CHECKING:  # imported when they are used: they need all of the package
    from simlib.contracts import check_attack, check_figure, check_metric, check_station, check_strategy

__all__ = [
    "Metric",
    "Occupancy",
    "Station",
    "SteadyStation",
    "check_attack",
    "check_figure",
    "check_metric",
    "check_station",
    "check_strategy",
    "isolate_registrations",
    "register_attack",
    "register_figure",
    "register_metric",
    "register_station",
    "register_strategy",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("simlib.contracts"), name)
