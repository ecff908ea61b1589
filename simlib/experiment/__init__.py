"""Experiments: replications of one design, designs compared under common random numbers, sweeps; records as files."""

from simlib.experiment.compare import Comparison, OtherProfiles, compare, compare_under, under_other_profiles
from simlib.experiment.parquet import ParquetSink, read_records, record, write_records
from simlib.experiment.replicate import Replication, Reuse, as_frame, replicate, token_reuse
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
