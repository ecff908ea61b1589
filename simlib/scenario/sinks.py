"""Sinks of rows while a simulation runs."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

import numpy as np

from simlib.scenario.records import SCHEMA, Column, Columns

Row = tuple[Any, ...]
BLOCK = 65_536
"""Rows of a row group of a file."""
PACKED = 2_048
"""Rows kept as Python tuples before they become columns: eight bytes a value instead of about forty, and so few that
they are still in the processor's cache.
"""
MERGED = 64
"""Small blocks that become a large one."""

MISSING_VALUES = {"f8": float("nan")}
"""Value of an unwritten column, by type; -1 for the others."""


def pack_rows(table: str, named: tuple[str, ...], rows: Iterable[Row]) -> dict[str, Column]:
    """Columns of some rows, each with the type that SCHEMA states; missing values where a column was not named."""
    columns = dict(zip(named, zip(*rows, strict=True), strict=True))
    count = len(columns[named[0]])
    return {
        name: np.array(columns[name], dtype=kind)
        if name in columns
        else np.full(count, MISSING_VALUES.get(kind, -1), dtype=kind)
        for name, kind in SCHEMA[table].items()
    }


class Sink(Protocol):
    """Receives the rows of a run, table by table."""

    def open_writer(self, table: str, columns: tuple[str, ...] | None = None) -> Callable[[Row], None]:
        """Open a table: returns a function that receives one row, the named columns in this order, by default all.

        Other columns hold a missing value in every row: NaN or -1, by the schema's type.
        """

    def flush(self) -> None:
        """Free memory; called from time to time by the engine."""

    def close(self) -> Mapping[str, Columns]:
        """Return all rows as columns."""


def keeps_rows(sink: Sink | None) -> bool:
    """Whether a sink needs memory for every row: all do that do not say ``keeps_rows = False``, as the default one."""
    return bool(getattr(sink, "keeps_rows", True))


class MemorySink:
    """Sink that keeps columns in memory.

    Rows become small blocks of columns, many of these one large block, and all large ones the whole column: so the
    memory of each step is used again by the next rows, or given back to the operating system.
    """

    def __init__(self) -> None:
        self._rows: dict[str, list[Row]] = {table: [] for table in SCHEMA}
        self._named: dict[str, tuple[str, ...]] = {table: tuple(columns) for table, columns in SCHEMA.items()}
        self._small: dict[str, list[dict[str, Column]]] = {table: [] for table in SCHEMA}
        self._large: dict[str, list[dict[str, Column]]] = {table: [] for table in SCHEMA}
        self._counts = dict.fromkeys(SCHEMA, 0)

    def open_writer(self, table: str, columns: tuple[str, ...] | None = None) -> Callable[[Row], None]:
        """Return the append of a list, the fastest way to store a row."""
        if columns is not None:
            self._named[table] = columns
        return self._rows[table].append

    def flush(self) -> None:
        """Turn every long list of rows into a block of columns."""
        for table, rows in self._rows.items():
            if len(rows) >= PACKED:
                self._pack(table)

    def close(self) -> Mapping[str, Columns]:
        """Return all rows as columns, each with the type that SCHEMA states."""
        for table in SCHEMA:
            self._pack(table)
            self._merge(table)
        return {table: {name: self._column(table, name) for name in SCHEMA[table]} for table in SCHEMA}

    def _pack(self, table: str) -> None:
        rows, named = self._rows[table], self._named[table]
        columns: Iterable[tuple[Any, ...]] = zip(*rows, strict=True) if rows else ((),) * len(named)
        kinds = SCHEMA[table]
        self._counts[table] += len(rows)
        self._small[table].append({n: np.array(c, dtype=kinds[n]) for n, c in zip(named, columns, strict=True)})
        rows.clear()  # in place: the engine holds this list's append
        if len(self._small[table]) >= MERGED:
            self._merge(table)

    def _merge(self, table: str) -> None:
        small = self._small[table]
        if small:
            self._large[table].append({name: _join(small, name) for name in self._named[table]})
            small.clear()

    def _column(self, table: str, name: str) -> Column:
        if name in self._named[table]:
            return _join(self._large[table], name)
        kind = SCHEMA[table][name]
        return np.full(self._counts[table], MISSING_VALUES.get(kind, -1), dtype=kind)


def _join(blocks: list[dict[str, Column]], name: str) -> Column:
    """One column of all blocks, which it leaves, so that its rows are in memory twice for as short as possible."""
    columns = [block.pop(name) for block in blocks]
    return columns[0] if len(columns) == 1 else np.concatenate(columns)
