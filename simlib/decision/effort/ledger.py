"""Reader of effort ledgers: the bundled one, and a team's own estimates that replace its estimates."""

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from simlib.decision.effort.csv_tables import Row, read_table, split_patterns
from simlib.decision.effort.estimates import TEAM
from simlib.decision.effort.item_keys import is_known, list_known_parts
from simlib.decision.effort.items import KINDS, SCALES, EffortLedger, Item, Kind, ScalesWith
from simlib.scenario.base import find_bundled
from simlib.scenario.errors import InputError, describe_unknown

ESTIMATES = ("pd_low", "pd_likely", "pd_high")
COLUMNS = (
    *("id", "title", "parts", "actor", "kind", "scales_with", *ESTIMATES),
    *("source", "failure_without", "basis", "with_product", "product_source"),
)
YES_NO = ("yes", "no")
OVERRIDING = ("id", *ESTIMATES)
OF_A_NEW_ITEM = ("part", "kind", "scales_with")
WORDS = ("title", "actor", "source", "failure_without", "basis")
OWN = "own estimate"
"""Basis of an item that a user states."""


def load_ledger(path: Path | None = None, overrides: Path | None = None) -> EffortLedger:
    """Bundled ledger (or the one in the folder ``path``), with a user's estimates in place of its own.

    ``overrides`` is a CSV file with id, pd_low, pd_likely, pd_high; a row with an id that the ledger does not have also
    needs part, kind and scales_with, and is a new item. Raises InputError with file and line for what is unusable.
    """
    folder = find_bundled("effort") if path is None else path
    items = tuple(_read_item(row) for row in _check_unique(read_table(folder / "items.csv", COLUMNS, (), ESTIMATES)))
    reasons = {
        row.cells["part"]: row.cells["because"]
        for row in read_table(folder / "no_items.csv", ("part", "because"), (), ())
    }
    ledger = EffortLedger(items, reasons, "simlib" if path is None else str(path))
    return ledger if overrides is None else override(ledger, overrides)


def override(ledger: EffortLedger, path: Path) -> EffortLedger:
    """Ledger with the estimates of a file in place of its own, and the new items of that file after them."""
    rows = _check_unique(read_table(path, OVERRIDING, (*OF_A_NEW_ITEM, *WORDS), ESTIMATES))
    if not rows:
        raise InputError(f"{path}: has a header but no estimate")
    changed = {row.cells["id"]: _change_item(ledger, row) for row in rows}
    kept = [changed.pop(item.id, item) for item in ledger.items]
    source = f"{ledger.source} with {path.name}"
    return replace(ledger, items=(*kept, *changed.values()), source=source, base=ledger)


def _check_unique(rows: list[Row]) -> list[Row]:
    seen: dict[str, str] = {}
    for row in rows:
        name = row.cells["id"]
        if not name or name == TEAM:
            raise InputError(f"{row.location}: id: must be a name of a work item, not {name!r}")
        if name in seen:
            raise InputError(f"{row.location}: id: {name!r} is there already, in {seen[name].rpartition(': ')[2]}")
        seen[name] = row.location
    return rows


def _read_estimates(row: Row) -> tuple[float, float, float]:
    low, likely, high = (row.read_number(column) for column in ESTIMATES)
    if low > likely:
        raise InputError(f"{row.location}: pd_low {low:g} must not be above pd_likely {likely:g}")
    if likely > high:
        raise InputError(f"{row.location}: pd_likely {likely:g} must not be above pd_high {high:g}")
    return low, likely, high


def _read_item(row: Row) -> Item:
    low, likely, high = _read_estimates(row)
    return Item(
        id=row.cells["id"],
        parts=split_patterns(row.cells["parts"]),
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
        with_product=row.read_choice("with_product", YES_NO) == "yes",
        product_source=row.cells["product_source"],
    )


def _change_item(ledger: EffortLedger, row: Row) -> Item:
    """Item of the ledger with a user's estimates and words, or a new item."""
    low, likely, high = _read_estimates(row)
    fields: dict[str, Any] = {word: row.cells[word] for word in WORDS if row.cells.get(word)}
    stated = {column: row.cells.get(column, "") for column in OF_A_NEW_ITEM}
    existing = ledger.by_id.get(row.cells["id"])
    fields.setdefault("basis", OWN)
    if existing is None:
        fields = _read_new_item(ledger, row, stated) | fields
    else:
        fields |= {"parts": _read_known_patterns(row)} if stated["part"] else {}
        fields |= {name: row.read_choice(name, allowed) for name, allowed in _WORDS_ALLOWED if stated[name]}
    whole = replace(existing, **fields) if existing is not None else Item(low=low, likely=likely, high=high, **fields)
    return replace(whole, low=low, likely=likely, high=high)


_WORDS_ALLOWED = (("kind", KINDS), ("scales_with", SCALES))


def _read_new_item(ledger: EffortLedger, row: Row, stated: dict[str, str]) -> dict[str, Any]:
    name = row.cells["id"]
    missing = [column for column, value in stated.items() if not value]
    if missing:
        near = describe_unknown("id", name, ledger.by_id).partition("; allowed")[0]
        raise InputError(f"{row.location}: {near}; a new item also needs {', '.join(missing)}")
    return {
        "id": name,
        "parts": _read_known_patterns(row),
        "kind": row.read_choice("kind", KINDS),
        "scales_with": row.read_choice("scales_with", SCALES),
        **dict.fromkeys(WORDS, "") | {"title": name, "source": OWN},
    }


def _read_known_patterns(row: Row) -> tuple[str, ...]:
    patterns = split_patterns(row.cells["part"])
    for pattern in patterns:
        if not is_known(pattern):
            raise InputError(f"{row.location}: {describe_unknown('part', pattern, (*list_known_parts(), '*'))}")
    if all(pattern.startswith("!") for pattern in patterns):
        raise InputError(f"{row.location}: part: must name a part that brings the item, not only what excludes it")
    return patterns
