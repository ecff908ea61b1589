"""Tables of records as tidy data frames, and common filters on them; no statistics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from simlib.scenario.records import FINISHED, OUTCOMES, SCHEMA, Records

if TYPE_CHECKING:
    import pandas as pd

NAME_COLUMNS = ("host", "caller", "callee", "target", "operation", "fault", "kind")
"""Columns whose integers are indices into Records.names."""


def to_frame(records: Records, table: str) -> pd.DataFrame:
    """One table of the records, a row per row, with names and outcomes as text ("" where there is none).

    Instants and durations are seconds, sizes bytes. Raises ValueError for a table that is not in SCHEMA.
    """
    import pandas as pd  # here, so that importing the package stays cheap

    if table not in SCHEMA:
        raise ValueError(f"no table {table!r}; records have {', '.join(SCHEMA)}")
    columns = records[table]
    return pd.DataFrame({name: _spell_out(name, columns[name], records.names) for name in SCHEMA[table]})


def select_after_warm_up(frame: pd.DataFrame, warm_up_s: float, instant: str = "arrival") -> pd.DataFrame:
    """The rows whose instant (seconds) is at or after the end of the warm-up.

    Requests and visits have "arrival"; for calls the instant is "sent", for revocations "effective".
    """
    return frame[frame[instant] >= warm_up_s]


def select_outcomes(frame: pd.DataFrame, *outcomes: str) -> pd.DataFrame:
    """The requests that ended in one of these ways. Raises ValueError for a word that is not in OUTCOMES."""
    unknown = sorted(set(outcomes) - set(OUTCOMES))
    if unknown:
        raise ValueError(f"no outcome {unknown[0]!r}; requests are {', '.join(OUTCOMES)}")
    return frame[frame["outcome"].isin(outcomes)]


def select_finished(frame: pd.DataFrame) -> pd.DataFrame:
    """The requests that were served before the run ended."""
    return select_outcomes(frame, OUTCOMES[FINISHED])


def compute_latency(frame: pd.DataFrame) -> pd.Series[float]:
    """Seconds from arrival to end, NaN while a request has no end."""
    return (frame["end"] - frame["arrival"]).rename("latency")


def _spell_out(name: str, column: NDArray[Any], names: tuple[str, ...]) -> NDArray[Any]:
    if name == "outcome":
        return np.take(np.array(OUTCOMES, dtype=object), column)
    if name in NAME_COLUMNS:
        return np.take(np.array([*names, ""], dtype=object), column)  # -1 picks the empty name that is added last
    return column
