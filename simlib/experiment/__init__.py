"""Experiments: replications of one design, designs compared under common random numbers, sweeps; records as files."""

from simlib.experiment.compare import Comparison, OtherProfiles, compare, compare_under, prepare_other_profiles
from simlib.experiment.jobs import Replication
from simlib.experiment.parquet import ParquetSink, read_records, record_replication, write_records
from simlib.experiment.replicate import TokenReuse, measure_token_reuse, replicate, tabulate_replications
from simlib.experiment.sweep import sweep

__all__ = [
    "Comparison",
    "OtherProfiles",
    "ParquetSink",
    "Replication",
    "TokenReuse",
    "compare",
    "compare_under",
    "measure_token_reuse",
    "prepare_other_profiles",
    "read_records",
    "record_replication",
    "replicate",
    "sweep",
    "tabulate_replications",
    "write_records",
]
