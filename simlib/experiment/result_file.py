"""Result file: one replication of one design as a Parquet file of one row, byte-identical for equal results.

Columns: what identifies the run, its settings as JSON, a column per figure, and forms of stations and drifts as JSON.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from simlib.experiment.jobs import Replication

REPLICATION = "replication"
"""Kind of a result that is a replication of a scenario; others are runs of another length, such as pilots."""
IDENTITY = ("address", "kind", "code", "design", "replication", "seed", "profile", "settings")
"""Columns before the figures."""
DETAILS = ("forms", "drift")
"""Columns after them."""
_METADATA_KEY = b"simlib.result"


class RunIdentity(NamedTuple):
    """What identifies a run: its content address, and what that is a digest of."""

    address: str
    kind: str
    code: str
    design: str
    replication: int
    seed: int
    profile: str
    settings: str


def encode_result(identity: RunIdentity, result: Replication) -> bytes:
    """The content of the file. Raises ValueError for a figure with the name of another column."""
    import pyarrow
    from pyarrow.parquet import ParquetWriter

    row = _build_row(identity, result)
    arrays = [pyarrow.array([value], pyarrow.float64() if value is None else None) for value in row.values()]
    table = pyarrow.table(dict(zip(row, arrays, strict=True)))
    sink = pyarrow.BufferOutputStream()
    plain = {"compression": "zstd", "use_dictionary": False, "write_statistics": False, "store_schema": False}
    with ParquetWriter(sink, table.schema, **plain) as writer:
        writer.write_table(table)
        writer.add_key_value_metadata({_METADATA_KEY: json.dumps({"sha256": _digest_row(row)}).encode()})
    return bytes(sink.getvalue().to_pybytes())


def decode_row(content: bytes) -> dict[str, Any]:
    """The row of a file. Raises ValueError for anything but a whole, undamaged file."""
    import pyarrow
    from pyarrow.parquet import ParquetFile

    try:
        file = ParquetFile(pyarrow.BufferReader(content))
        digest = json.loads((file.metadata.metadata or {})[_METADATA_KEY])["sha256"]
        (row,) = file.read().to_pylist()
        is_whole = digest == _digest_row(row)
    except (OSError, KeyError, TypeError, ValueError, pyarrow.ArrowException) as error:
        raise ValueError("is no whole file of a result") from error
    if not is_whole:
        raise ValueError("does not hold what was written to it")
    return dict(row)


def build_replication(row: Mapping[str, Any]) -> Replication:
    """The replication in a row."""
    figures = {name: value for name, value in row.items() if name not in (*IDENTITY, *DETAILS)}
    return Replication(row["design"], row["replication"], figures, *(json.loads(row[name]) for name in DETAILS))


def _build_row(identity: RunIdentity, result: Replication) -> dict[str, Any]:
    figures = {name: _convert_number(value) for name, value in result.figures.items()}
    taken = [name for name in figures if name in (*IDENTITY, *DETAILS)]
    if taken:
        raise ValueError(f"a figure cannot be named {taken[0]!r}")
    drift = {name: _convert_number(value) for name, value in result.drift.items()}
    return {**identity._asdict(), **figures, "forms": json.dumps(result.forms), "drift": json.dumps(drift)}


def _convert_number(value: Any) -> Any:
    """Python's number for one of numpy."""
    return value.item() if hasattr(value, "item") else value


def _digest_row(row: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(row).encode()).hexdigest()
