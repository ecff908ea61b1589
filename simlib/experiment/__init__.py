"""Experiments: replications of one design, and designs compared under common random numbers."""

from simlib.experiment.compare import Comparison, compare
from simlib.experiment.replicate import Replication, as_frame, replicate
from simlib.experiment.reuse import Reuse, token_reuse

__all__ = ["Comparison", "Replication", "Reuse", "as_frame", "compare", "replicate", "token_reuse"]
