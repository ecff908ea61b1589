"""Example of a plug-in: a wrapper, a kind of station, a metric, a figure and an attack, without a change of simlib.

`register_all` registers them in a notebook or script; a package names them as entry points instead.
"""

from example_plugin.foreign_subject import ForeignSubject
from example_plugin.last_come import LastComeFirstServed
from example_plugin.refusal_cache import RefusalCache
from example_plugin.slow_requests import FIGURE, METRIC
from simlib.plugins import (
    register_attack,
    register_figure,
    register_metric,
    register_station,
    register_strategy,
)

ENTRY_POINTS = {
    "simlib.strategies": {"refusal_cache": "example_plugin:RefusalCache"},
    "simlib.stations": {"last_come": "example_plugin:LastComeFirstServed"},
    "simlib.metrics": {"slow_share": "example_plugin:METRIC"},
    "simlib.figures": {"slow_requests": "example_plugin:FIGURE"},
    "simlib.attacks": {"foreign_subject": "example_plugin:ForeignSubject"},
}
"""Group -> name -> object, as in [project.entry-points] of a pyproject.toml."""

__all__ = ["ENTRY_POINTS", "FIGURE", "METRIC", "ForeignSubject", "LastComeFirstServed", "RefusalCache", "register_all"]


def register_all() -> None:
    """Register all five for this process and its workers."""
    register_strategy(RefusalCache)
    register_station(LastComeFirstServed)
    register_metric(*METRIC)
    register_figure(*FIGURE)
    register_attack(ForeignSubject)
