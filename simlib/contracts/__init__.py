"""Contracts of parts, stations, metrics, figures and attacks, as functions that tests of plug-ins call.

Each function raises AssertionError with a sentence that names the case and the fault, and registers nothing for good.
The parts of the catalogue are held to the same cases by the contract tests of simlib.
"""

from simlib.contracts.attack import check_attack
from simlib.contracts.results import check_figure, check_metric
from simlib.contracts.stations import check_station
from simlib.contracts.strategy import check_strategy

__all__ = ["check_attack", "check_figure", "check_metric", "check_station", "check_strategy"]
