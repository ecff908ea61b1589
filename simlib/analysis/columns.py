"""Columns of records: array types, selection of rows, and the mean and ratio that all figures share."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from simlib.scenario.records import Column, Columns, Records

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Mask = NDArray[np.bool_]
"""One truth value per row."""


def select_rows(columns: Columns, rows: Mask | Integers) -> dict[str, Column]:
    """The rows of a table for which a mask is true, or with these numbers."""
    return {name: column[rows] for name, column in columns.items()}


def list_name_indices(records: Records, prefix: str, suffix: str = "") -> list[int]:
    """Indices in ``records.names`` of the names with this beginning and end."""
    return [n for n, name in enumerate(records.names) if name.startswith(prefix) and name.endswith(suffix)]


def mean(values: NDArray[Any]) -> float:
    """The arithmetic mean, NaN of nothing."""
    return float(values.mean()) if values.size else np.nan


def ratio(part: float, whole: float) -> float:
    """part / whole, NaN when the whole is zero."""
    return part / whole if whole else np.nan
