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
"""

from simlib.analysis.metrics import Metric, register_metric
from simlib.attacks import register_attack
from simlib.engine.stations import Occupancy, Station, SteadyStation, register_station
from simlib.report.registered_figures import register_figure
from simlib.strategies import register_strategy

__all__ = [
    "Metric",
    "Occupancy",
    "Station",
    "SteadyStation",
    "register_attack",
    "register_figure",
    "register_metric",
    "register_station",
    "register_strategy",
]
