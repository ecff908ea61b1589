"""Jobs of an experiment, each one run of one design, and the figures that it gives."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from simlib.engine.live_timing import Stopwatch
from simlib.scenario.records import Records
from simlib.scenario.scenario import Scenario

Figures = Callable[[Records, float], Mapping[str, float]]
"""Records and warm-up (seconds) to numbers; a function of a module, so that it can be sent to a worker process."""


NO_REPLICATION = -1
"""Number of a run that is no replication of its scenario, such as a short pilot run."""


class Replication(NamedTuple):
    """The figures of one replication of one design, and the form of its stations.

    ``drift``: metric -> second minus first half of what is counted.
    """

    design: str
    replication: int
    figures: dict[str, float]
    forms: dict[str, str]
    drift: Mapping[str, float] = MappingProxyType({})


class Job(NamedTuple):
    """One run to do; its rows go to ``folder`` as Parquet when there is one.

    ``figures`` are computed beside those of `simlib.analysis.summarise`.
    """

    scenario: Scenario
    design: str
    replication: int
    folder: Path | None = None
    stopwatch: Stopwatch | None = None
    figures: Figures | None = None
