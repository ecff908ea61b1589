"""From records to numbers with intervals: tidy tables, summaries, statistics, queueing theory.

pandas and scipy are loaded by the functions that need them, so importing this floor costs neither.
"""

from simlib.analysis.gain_figures import GAIN_METRICS, gain_figures
from simlib.analysis.intervals import Interval, paired, replications_needed, student
from simlib.analysis.littles_law import littles_law
from simlib.analysis.metrics import METRICS, Metric
from simlib.analysis.stability import Stability, assess_stability, in_system, is_unstable
from simlib.analysis.summary import summarise
from simlib.analysis.tables import after_warm_up, finished, latency, to_frame, with_outcome

__all__ = [
    "GAIN_METRICS",
    "METRICS",
    "Interval",
    "Metric",
    "Stability",
    "after_warm_up",
    "assess_stability",
    "finished",
    "gain_figures",
    "in_system",
    "is_unstable",
    "latency",
    "littles_law",
    "paired",
    "replications_needed",
    "student",
    "summarise",
    "to_frame",
    "with_outcome",
]
