"""Results in a store as one table, and SQL over it (DuckDB, of the extra ``query``).

One row per run: design, replication, seed, profile, each setting that takes several values among the runs of one
design, the figures of `simlib.analysis.summarise`, and the address.
"""

import json
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simlib.experiment.result_file import DETAILS, IDENTITY, REPLICATION, decode_row
from simlib.experiment.result_store import MARKER, read_marker
from simlib.scenario.errors import InputError, require_packages

if TYPE_CHECKING:
    import pandas as pd

TABLE = "results"
"""Name of the table in a query."""
_FIRST = ("design", "replication", "seed", "profile")


def read_results(folder: str | Path) -> "pd.DataFrame":
    """The results in a store, of any version of the code; the order is that of design, settings and replication.

    Settings are named as in the scenario's file, with "design" in place of "designs.NAME". Damaged files are left out
    with a warning that names them. Raises InputError for a folder that is no store, and without pyarrow.
    """
    frame, damaged = load_results(folder)
    for path in damaged:
        warnings.warn(f"{path} is damaged and left out; the command that wrote it computes it again", stacklevel=2)
    return frame


def load_results(folder: str | Path) -> "tuple[pd.DataFrame, list[Path]]":
    """The same table, and the files that are damaged."""
    import pandas as pd

    root = Path(folder)
    require_packages("a store of results", ("pyarrow",), "records")
    if read_marker(root) is None:
        raise InputError(f"{folder}: is no store of results, for it has no {MARKER}")
    rows, damaged = _read_rows(root)
    settings = _list_varied_settings(rows)
    keys = list(dict.fromkeys(key for values in settings for key in values))
    table = [_build_row(row, values, keys) for row, values in zip(rows, settings, strict=True)]
    table.sort(key=lambda row: (row["design"], [_sort_key(row[key]) for key in keys], row["seed"], row["replication"]))
    return pd.DataFrame(table, columns=None if table else list(_FIRST)), damaged


def query_results(folder: str | Path, sql: str) -> "pd.DataFrame":
    """The answer to a query over the table `TABLE`. Raises InputError for wrong SQL, and without DuckDB."""
    return query_table(read_results(folder), sql)


def query_table(frame: "pd.DataFrame", sql: str) -> "pd.DataFrame":
    """The same over a table that `read_results` has read."""
    require_packages("--query", ("duckdb",), "query")
    import duckdb
    import pyarrow

    with duckdb.connect(":memory:") as connection:
        connection.register(TABLE, pyarrow.Table.from_pandas(frame, preserve_index=False))
        try:
            answer = connection.execute(sql)
            found: pd.DataFrame = answer.df()
        except (duckdb.Error, ValueError, AttributeError) as error:
            raise InputError(f"--query: {' '.join(str(error).split())}") from error
    return found


def _read_rows(root: Path) -> tuple[list[dict[str, Any]], list[Path]]:
    rows, damaged = [], []
    for path in sorted(root.glob("*/*.parquet")):
        try:
            row = decode_row(path.read_bytes())
            if f"{row['address']}.parquet" != path.name:
                raise ValueError("is the file of another run")
        except OSError as error:
            raise InputError(f"{path}: cannot be read ({error.strerror or error})") from error
        except ValueError:
            damaged.append(path)
        else:
            rows += [row] if row["kind"] == REPLICATION else []
    return rows, damaged


def _list_varied_settings(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """For each row the settings that take several values among the rows of its own design."""
    flat = {text: dict(_flatten(json.loads(text))) for text in {str(row["settings"]) for row in rows}}
    values: dict[tuple[str, str], set[str]] = {}
    for row in rows:
        for key, value in flat[row["settings"]].items():
            values.setdefault((row["design"], key), set()).add(repr(value))
    varied = {key for (_, key), found in values.items() if len(found) > 1} - {"run.seed", "name", "world.profile"}
    return [{key: value for key, value in flat[row["settings"]].items() if key in varied} for row in rows]


def _flatten(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted key and value of every setting, items of lists by their number."""
    items = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else None
    if items is None:
        yield key, value
        return
    for name, inner in items:
        yield from _flatten(inner, f"{key}.{name}" if key else str(name))


def _build_row(row: Mapping[str, Any], settings: Mapping[str, Any], keys: Sequence[str]) -> dict[str, Any]:
    figures = {name: value for name, value in row.items() if name not in (*IDENTITY, *DETAILS)}
    head = {name: row[name] for name in _FIRST}
    return {**head, **{key: settings.get(key) for key in keys}, **figures, "address": row["address"]}


def _sort_key(value: Any) -> tuple[int, float, str]:
    """Numbers in their order, then texts; what is missing comes first."""
    if value is None:
        return 0, 0.0, ""
    return (1, float(value), "") if isinstance(value, int | float) else (2, 0.0, str(value))
