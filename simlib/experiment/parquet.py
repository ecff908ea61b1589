"""Records as Parquet files: a folder per replication of a design, a file per table, written while a simulation runs.

Every column carries its unit and meaning, every file the other content of `Records`, so that a folder is
self-describing. All of it needs pyarrow, of the extra ``records``.
"""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from simlib.deployment.simulate import simulate
from simlib.engine.live_timing import Stopwatch
from simlib.experiment.atomic_folder import write_folder_atomically
from simlib.scenario.errors import InputError, require_packages
from simlib.scenario.records import FIELDS, SCHEMA, Column, Columns, Records
from simlib.scenario.scenario import Scenario
from simlib.scenario.sinks import BLOCK, MISSING_VALUES, Row

if TYPE_CHECKING:
    import pyarrow as pa

METADATA_KEY = b"simlib.records"
"""Key of a file's metadata for names, horizon, workers and forms as JSON."""


def require_pyarrow(needer: str = "a folder of records") -> None:
    """Raise InputError when pyarrow is not installed."""
    require_packages(needer, ("pyarrow",), "records")


class ParquetSink:
    """Sink of rows that writes a row group as soon as one is full; memory does not grow with the run.

    The folder must be new or empty. `seal` adds the metadata at the end of the run and must be called before anything
    is read: a simulation that is broken off leaves no readable file.
    """

    def __init__(self, folder: str | Path) -> None:
        require_pyarrow()
        self.folder = Path(folder)
        try:
            self.folder.mkdir(exist_ok=True)
            if any(self.folder.iterdir()):
                raise InputError(f"{folder}: is not empty; records need a folder that is new or empty")
            self._files = {table: _Table(self.folder, table) for table in SCHEMA}
        except OSError as error:
            raise InputError(f"{folder}: cannot be written ({error.strerror or error})") from error

    def open_writer(self, table: str, columns: tuple[str, ...] | None = None) -> Callable[[Row], None]:
        """The bound append of a list, as in `MemorySink`."""
        file = self._files[table]
        file.columns = columns or file.columns
        return file.rows.append

    def flush(self) -> None:
        """Write every long list of rows as a row group."""
        for file in self._files.values():
            if len(file.rows) >= BLOCK:
                file.pack()

    def close(self) -> Mapping[str, Columns]:
        """Write the rest; tables are read from their files on access, once `seal` was called."""
        for file in self._files.values():
            file.pack()
        return ParquetTables(self.folder)

    def seal(self, records: Records) -> Records:
        """Add the metadata to every file, and return the records as they are in the files."""
        metadata = {
            "names": list(records.names),
            "horizon": records.horizon,
            "workers": dict(records.workers),
            "forms": dict(records.forms),
        }
        for file in self._files.values():
            file.close(json.dumps(metadata))
        return read_records(self.folder)


class _Table:
    """The file of one table, and the rows that are not written yet."""

    def __init__(self, folder: Path, table: str) -> None:
        from pyarrow.parquet import ParquetWriter

        self.kinds = SCHEMA[table]
        self.columns = tuple(self.kinds)
        self.rows: list[Row] = []
        self._schema = build_arrow_schema(table)
        self._path = _build_path(folder, table)
        self._part = self._path.with_suffix(".part")
        self._writer: Any = ParquetWriter(self._part, self._schema, compression="zstd")

    def pack(self) -> None:
        if self.rows:
            columns = zip(self.columns, zip(*self.rows, strict=True), strict=True)
            self.write({name: np.array(column, dtype=self.kinds[name]) for name, column in columns}, len(self.rows))
            self.rows.clear()  # in place: the engine holds this list's append

    def write(self, columns: Columns, count: int) -> None:
        import pyarrow

        whole = {
            name: columns[name] if name in columns else np.full(count, MISSING_VALUES.get(kind, -1), dtype=kind)
            for name, kind in self.kinds.items()
        }
        self._writer.write_table(pyarrow.table(whole, schema=self._schema), row_group_size=BLOCK)

    def close(self, metadata: str) -> None:
        self._writer.add_key_value_metadata({METADATA_KEY: metadata.encode()})
        self._writer.close()
        os.replace(self._part, self._path)


class ParquetTables(Mapping[str, Columns]):
    """The tables in a folder; each is read on first access."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._tables: dict[str, Columns] = {}

    def __getitem__(self, table: str) -> Columns:
        if table not in SCHEMA:
            raise KeyError(table)
        if table not in self._tables:
            self._tables[table] = _read_columns(self._folder, table)
        return self._tables[table]

    def __iter__(self) -> Iterator[str]:
        return iter(SCHEMA)

    def __len__(self) -> int:
        return len(SCHEMA)


def record_replication(
    scenario: Scenario, design: str, replication: int, folder: str | Path, stopwatch: Stopwatch | None = None
) -> Records:
    """Simulate one replication of one design with its rows going to a new or empty folder, which appears at the end.

    Raises InputError as `simulate` does, and for a folder that holds something or cannot be written.
    """
    with write_folder_atomically(folder, "records") as part:
        record_into(part, scenario, design, replication, stopwatch)
    return read_records(folder)


def record_into(
    folder: Path, scenario: Scenario, design: str, replication: int, stopwatch: Stopwatch | None = None
) -> Records:
    """The same in a temporary folder, for the files of a run that is broken off stay there."""
    sink = ParquetSink(folder)
    return sink.seal(simulate(scenario, design, replication, sink=sink, stopwatch=stopwatch))


def write_records(records: Records, folder: str | Path) -> None:
    """Write records that are in memory to a new or empty folder, which appears at the end.

    Raises InputError for a folder that holds something or cannot be written.
    """
    with write_folder_atomically(folder, "records") as part:
        sink = ParquetSink(part)
        for table, file in sink._files.items():
            columns = records[table]
            file.write(columns, len(next(iter(columns.values()))))
        sink.seal(records)


def read_records(folder: str | Path) -> Records:
    """The records in a folder, equal to those that were written; tables are read when they are first used.

    Raises InputError for a folder that does not hold all tables with the columns of this version, and without pyarrow.
    """
    require_pyarrow()
    root = Path(folder)
    metadata, *_ = [_read_metadata(root, table) for table in SCHEMA]
    return Records(
        ParquetTables(root),
        tuple(metadata["names"]),
        float(metadata["horizon"]),
        metadata["workers"],
        metadata["forms"],
    )


def build_arrow_schema(table: str) -> "pa.Schema":
    """Columns of one table with unit and meaning in the metadata of each; none holds nulls."""
    import pyarrow

    return pyarrow.schema(
        [
            pyarrow.field(
                name,
                pyarrow.from_numpy_dtype(np.dtype(field.kind)),
                nullable=False,
                metadata={"unit": field.unit, "meaning": field.meaning},
            )
            for name, field in FIELDS[table].items()
        ]
    )


def _build_path(folder: Path, table: str) -> Path:
    return folder / f"{table}.parquet"


def _read_metadata(folder: Path, table: str) -> dict[str, Any]:
    """Metadata of a file; InputError unless it is a complete file of this table."""
    import pyarrow
    from pyarrow.parquet import read_metadata

    path = _build_path(folder, table)
    try:
        footer = read_metadata(path)
        metadata = json.loads((footer.metadata or {})[METADATA_KEY])
        if not footer.schema.to_arrow_schema().equals(build_arrow_schema(table)):
            raise InputError(f"{path}: has other columns than this version of simlib writes")
    except (OSError, KeyError, pyarrow.ArrowInvalid) as error:
        reason = getattr(error, "strerror", None) or "not a whole file of records"
        raise InputError(f"{path}: cannot be read as records ({reason})") from error
    return dict(metadata)


def _read_columns(folder: Path, table: str) -> dict[str, Column]:
    from pyarrow.parquet import read_table

    content = read_table(_build_path(folder, table), memory_map=True)
    return {name: np.ascontiguousarray(content[name].to_numpy(), dtype=kind) for name, kind in SCHEMA[table].items()}
