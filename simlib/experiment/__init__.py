"""Experiments: replications of one design, designs compared under common random numbers, sweeps; records as files."""

from simlib.experiment.compare import Comparison, compare
from simlib.experiment.other_profiles import OtherProfiles, compare_under, under_other_profiles
from simlib.experiment.parquet import ParquetSink, read_records, record, write_records
from simlib.experiment.replicate import Replication, as_frame, replicate
from simlib.experiment.reuse import Reuse, token_reuse
from simlib.experiment.sweep import sweep

__all__ = [
    "Comparison",
    "OtherProfiles",
    "ParquetSink",
    "Replication",
    "Reuse",
    "as_frame",
    "compare",
    "compare_under",
    "read_records",
    "record",
    "replicate",
    "sweep",
    "token_reuse",
    "under_other_profiles",
    "write_records",
]
