"""Reading the ledger that comes with simlib, and a team's own estimates over it."""

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from simlib.decision.effort.csv_tables import Row, read_table
from simlib.decision.effort.estimates import TEAM
from simlib.decision.effort.item_keys import is_known, list_known_parts
from simlib.decision.effort.items import KINDS, SCALES, EffortLedger, Item, Kind, ScalesWith
from simlib.scenario.base import find_bundled
from simlib.scenario.errors import InputError, describe_unknown

ESTIMATES = ("pd_low", "pd_likely", "pd_high")
COLUMNS = (
    *("id", "title", "parts", "actor", "kind", "scales_with", *ESTIMATES),
    *("source", "failure_without", "basis"),
)
OVERRIDING = ("id", *ESTIMATES)
OF_A_NEW_ITEM = ("part", "kind", "scales_with")
WORDS = ("title", "actor", "source", "failure_without", "basis")
OWN = "own estimate"
"""What the basis of an item is called that a user has given."""


def load_ledger(path: Path | None = None, overrides: Path | None = None) -> EffortLedger:
    """The bundled ledger (or the one in the folder ``path``), with a user's estimates in place of its own.

    ``overrides`` is a CSV file with id, pd_low, pd_likely, pd_high; a row with an id that the ledger does not have also
    needs part, kind and scales_with, and is a new item. Raises InputError with file and line for what is unusable.
    """
    folder = find_bundled("effort") if path is None else path
    items = tuple(_item(row) for row in _unique(read_table(folder / "items.csv", COLUMNS, (), ESTIMATES)))
    reasons = {
        row.cells["part"]: row.cells["because"]
        for row in read_table(folder / "no_items.csv", ("part", "because"), (), ())
    }
    ledger = EffortLedger(items, reasons, "simlib" if path is None else str(path))
    return ledger if overrides is None else override(ledger, overrides)


def override(ledger: EffortLedger, path: Path) -> EffortLedger:
    """The ledger with the estimates of a file instead of its own, and that file's new items after them."""
    rows = _unique(read_table(path, OVERRIDING, (*OF_A_NEW_ITEM, *WORDS), ESTIMATES))
    if not rows:
        raise InputError(f"{path}: has a header but no estimate")
    changed = {row.cells["id"]: _changed(ledger, row) for row in rows}
    kept = [changed.pop(item.id, item) for item in ledger.items]
    return replace(ledger, items=(*kept, *changed.values()), source=f"{ledger.source} with {path.name}")


def _unique(rows: list[Row]) -> list[Row]:
    seen: dict[str, str] = {}
    for row in rows:
        name = row.cells["id"]
        if not name or name == TEAM:
            raise InputError(f"{row.location}: id: must be a name of a work item, not {name!r}")
        if name in seen:
            raise InputError(f"{row.location}: id: {name!r} is there already, in {seen[name].rpartition(': ')[2]}")
        seen[name] = row.location
    return rows


def _estimates(row: Row) -> tuple[float, float, float]:
    low, likely, high = (row.read_number(column) for column in ESTIMATES)
    if low > likely:
        raise InputError(f"{row.location}: pd_low {low:g} must not be above pd_likely {likely:g}")
    if likely > high:
        raise InputError(f"{row.location}: pd_likely {likely:g} must not be above pd_high {high:g}")
    return low, likely, high


def _item(row: Row) -> Item:
    low, likely, high = _estimates(row)
    return Item(
        id=row.cells["id"],
        parts=_patterns(row.cells["parts"]),
        kind=cast(Kind, row.read_choice("kind", KINDS)),
        scales_with=cast(ScalesWith, row.read_choice("scales_with", SCALES)),
        low=low,
        likely=likely,
        high=high,
        title=row.cells["title"],
        actor=row.cells["actor"],
        source=row.cells["source"],
        failure_without=row.cells["failure_without"],
        basis=row.cells["basis"],
    )


def _changed(ledger: EffortLedger, row: Row) -> Item:
    """An item of the ledger with a user's estimates (and words, where he gives any), or a new item."""
    low, likely, high = _estimates(row)
    said: dict[str, Any] = {word: row.cells[word] for word in WORDS if row.cells.get(word)}
    given = {column: row.cells.get(column, "") for column in OF_A_NEW_ITEM}
    known = ledger.by_id.get(row.cells["id"])
    said.setdefault("basis", OWN)
    if known is None:
        said = _new(ledger, row, given) | said
    else:
        said |= {"parts": _known_patterns(row)} if given["part"] else {}
        said |= {name: row.read_choice(name, allowed) for name, allowed in _WORDS_ALLOWED if given[name]}
    whole = replace(known, **said) if known is not None else Item(low=low, likely=likely, high=high, **said)
    return replace(whole, low=low, likely=likely, high=high)


_WORDS_ALLOWED = (("kind", KINDS), ("scales_with", SCALES))


def _new(ledger: EffortLedger, row: Row, given: dict[str, str]) -> dict[str, Any]:
    name = row.cells["id"]
    missing = [column for column, value in given.items() if not value]
    if missing:
        near = describe_unknown("id", name, ledger.by_id).partition("; allowed")[0]
        raise InputError(f"{row.location}: {near}; a new item also needs {', '.join(missing)}")
    return {
        "id": name,
        "parts": _known_patterns(row),
        "kind": row.read_choice("kind", KINDS),
        "scales_with": row.read_choice("scales_with", SCALES),
        **dict.fromkeys(WORDS, "") | {"title": name, "source": OWN},
    }


def _patterns(cell: str) -> tuple[str, ...]:
    return tuple(pattern.strip() for pattern in cell.split(";") if pattern.strip())


def _known_patterns(row: Row) -> tuple[str, ...]:
    patterns = _patterns(row.cells["part"])
    for pattern in patterns:
        if not is_known(pattern):
            raise InputError(f"{row.location}: {describe_unknown('part', pattern, (*list_known_parts(), '*'))}")
    if all(pattern.startswith("!") for pattern in patterns):
        raise InputError(f"{row.location}: part: must name a part that brings the item, not only what spares it")
    return patterns
