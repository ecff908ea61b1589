"""Records as Parquet: a folder per replication of a design, a file per table, written while the simulation runs.

Every column carries its unit and meaning, every file what else a `Records` holds, so that a folder explains itself.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from simlib.deployment.simulate import simulate
from simlib.engine.live_timing import Stopwatch
from simlib.scenario.errors import InputError
from simlib.scenario.records import FIELDS, SCHEMA, Column, Columns, Records
from simlib.scenario.scenario import Scenario
from simlib.scenario.sinks import BLOCK, NOTHING, Row

if TYPE_CHECKING:
    import pyarrow as pa

ABOUT = b"simlib.records"
"""Key of a file's metadata under which names, horizon, workers and forms stand as JSON."""


class ParquetSink:
    """Rows go to files as soon as there are enough of them for a row group; memory does not grow with the run.

    The folder must not exist yet or be empty. What a run knows only at its end is added by `seal`, which must be
    called before anything is read: a simulation that is broken off leaves no readable file.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        try:
            self.folder.mkdir(exist_ok=True)
            if any(self.folder.iterdir()):
                raise InputError(f"{folder}: is not empty; records need a folder that is new or empty")
            self._files = {table: _Table(self.folder, table) for table in SCHEMA}
        except OSError as error:
            raise InputError(f"{folder}: cannot be written ({error.strerror or error})") from error

    def writer(self, table: str, columns: tuple[str, ...] | None = None) -> Callable[[Row], None]:
        """The bound append of a list, as in memory."""
        file = self._files[table]
        file.named = columns or file.named
        return file.rows.append

    def flush(self) -> None:
        """Turn every long list of rows into a row group."""
        for file in self._files.values():
            if len(file.rows) >= BLOCK:
                file.pack()

    def close(self) -> Mapping[str, Columns]:
        """Write the rest; the tables are read from their files when they are asked for, once `seal` was called."""
        for file in self._files.values():
            file.pack()
        return ParquetTables(self.folder)

    def seal(self, records: Records) -> Records:
        """Add to every file what its rows do not say, and return the records as they are in the files."""
        about = {
            "names": list(records.names),
            "horizon": records.horizon,
            "workers": dict(records.workers),
            "forms": dict(records.forms),
        }
        for file in self._files.values():
            file.close(json.dumps(about))
        return read_records(self.folder)


class _Table:
    """The file of one table, and the rows that are not in it yet."""

    def __init__(self, folder: Path, table: str) -> None:
        from pyarrow.parquet import ParquetWriter

        self.kinds = SCHEMA[table]
        self.named = tuple(self.kinds)
        self.rows: list[Row] = []
        self._schema = arrow_schema(table)
        self._writer: Any = ParquetWriter(_path(folder, table), self._schema, compression="zstd")

    def pack(self) -> None:
        if self.rows:
            columns = zip(self.named, zip(*self.rows, strict=True), strict=True)
            self.write({name: np.array(column, dtype=self.kinds[name]) for name, column in columns}, len(self.rows))
            self.rows.clear()  # in place: the engine holds this list's append

    def write(self, columns: Columns, count: int) -> None:
        import pyarrow

        whole = {
            name: columns[name] if name in columns else np.full(count, NOTHING.get(kind, -1), dtype=kind)
            for name, kind in self.kinds.items()
        }
        self._writer.write_table(pyarrow.table(whole, schema=self._schema), row_group_size=BLOCK)

    def close(self, about: str) -> None:
        self._writer.add_key_value_metadata({ABOUT: about.encode()})
        self._writer.close()


class ParquetTables(Mapping[str, Columns]):
    """The tables in a folder; each is read when it is first asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[str, Columns] = {}

    def __getitem__(self, table: str) -> Columns:
        if table not in SCHEMA:
            raise KeyError(table)
        if table not in self._read:
            self._read[table] = _columns(self._folder, table)
        return self._read[table]

    def __iter__(self) -> Iterator[str]:
        return iter(SCHEMA)

    def __len__(self) -> int:
        return len(SCHEMA)


def record(
    scenario: Scenario, design: str, replication: int, folder: str | Path, stopwatch: Stopwatch | None = None
) -> Records:
    """Simulate one replication of one design with its rows going to a new or empty folder; the parent must exist.

    Raises InputError as `simulate` does, and for a folder that holds something or cannot be written.
    """
    sink = ParquetSink(folder)
    return sink.seal(simulate(scenario, design, replication, sink=sink, stopwatch=stopwatch))


def write_records(records: Records, folder: str | Path) -> None:
    """Write records that are in memory; raises InputError for a folder that holds something or cannot be written."""
    sink = ParquetSink(folder)
    for table, file in sink._files.items():
        columns = records[table]
        file.write(columns, len(next(iter(columns.values()))))
    sink.seal(records)


def read_records(folder: str | Path) -> Records:
    """The records in a folder, equal to those that were written; tables are read when they are first used.

    Raises InputError for a folder that does not hold all tables with the columns of this version.
    """
    where = Path(folder)
    about, *_ = [_about(where, table) for table in SCHEMA]
    return Records(
        ParquetTables(where), tuple(about["names"]), float(about["horizon"]), about["workers"], about["forms"]
    )


def arrow_schema(table: str) -> "pa.Schema":
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


def _path(folder: Path, table: str) -> Path:
    return folder / f"{table}.parquet"


def _about(folder: Path, table: str) -> dict[str, Any]:
    """What a file says beside its rows; InputError unless it is a whole file of this table."""
    import pyarrow
    from pyarrow.parquet import read_metadata

    path = _path(folder, table)
    try:
        footer = read_metadata(path)
        about = json.loads((footer.metadata or {})[ABOUT])
        if not footer.schema.to_arrow_schema().equals(arrow_schema(table)):
            raise InputError(f"{path}: has other columns than this version of simlib writes")
    except (OSError, KeyError, pyarrow.ArrowInvalid) as error:
        reason = getattr(error, "strerror", None) or "not a whole file of records"
        raise InputError(f"{path}: cannot be read as records ({reason})") from error
    return dict(about)


def _columns(folder: Path, table: str) -> dict[str, Column]:
    from pyarrow.parquet import read_table

    read = read_table(_path(folder, table), memory_map=True)
    return {name: np.ascontiguousarray(read[name].to_numpy(), dtype=kind) for name, kind in SCHEMA[table].items()}
