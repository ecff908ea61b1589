"""Prices with their sources: those of ``data/prices.csv``, replaced by those that a scenario states."""

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal, NamedTuple, get_args

from simlib.scenario.base import find_bundled
from simlib.scenario.economics import Amount, Estimate, Prices
from simlib.scenario.errors import InputError

COLUMNS = ("key", "low", "likely", "high", "currency", "unit", "kind", "date", "source")
Kind = Literal["sourced", "assumption"]
KEYS = tuple(name for name in Prices.model_fields if name != "currency")
"""Prices of a decision."""


class Price(NamedTuple):
    """Price: a three-point estimate in ``currency`` per ``unit``, with kind, date and source."""

    low: float
    likely: float
    high: float
    currency: str
    unit: str
    kind: Kind
    date: str
    source: str

    @property
    def origin(self) -> str:
        """Source, kind and date, for readers."""
        return f"{self.source} ({self.kind}, {self.date})" if self.date else f"{self.source} ({self.kind})"


@dataclass(frozen=True)
class ResolvedPrices:
    """All prices of a decision in one currency; ``by_key``: key -> price, in the order of a scenario file."""

    currency: str
    by_key: Mapping[str, Price]


def find_prices_file() -> Path:
    """Path of the bundled prices."""
    return find_bundled(".") / "prices.csv"


def load_prices(path: Path | None = None) -> Mapping[str, Price]:
    """Key -> price of a file with the columns of COLUMNS, by default the bundled one.

    The bundled file also holds the list prices behind its estimates. Raises InputError naming file and row.
    """
    file = path or find_prices_file()
    try:
        rows = list(csv.DictReader(file.read_text(encoding="utf-8-sig").splitlines(), restkey="more", strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or "not a CSV file in UTF-8"
        raise InputError(f"{file}: cannot be read as prices ({reason})") from error
    missing = [name for name in COLUMNS if not rows or name not in rows[0]]
    if missing:
        raise InputError(f"{file}: has no column {missing[0]!r}; prices have {', '.join(COLUMNS)}")
    prices: dict[str, Price] = {}
    for number, row in enumerate(rows, start=2):
        where = f"{file}, row {number}"
        if None in row.values() or "more" in row:
            raise InputError(f"{where}: has not {len(COLUMNS)} cells; prices have {', '.join(COLUMNS)}")
        if row["key"] in prices:
            raise InputError(f"{where}: a second row of {row['key']!r}")
        prices[row["key"]] = _read_price(row, f"{where} ({row['key']})")
    return MappingProxyType(prices)


def resolve_prices(prices: Prices, path: Path | None = None) -> ResolvedPrices:
    """Prices of a scenario, completed from those of a file.

    Raises InputError when a price is in neither, or is in the file in another currency.
    """
    bundled_prices = load_prices(path)
    chosen = {
        key: _choose_price(key, getattr(prices, key), prices.currency, bundled_prices, path or find_prices_file())
        for key in KEYS
    }
    return ResolvedPrices(prices.currency, MappingProxyType(chosen))


def _choose_price(
    key: str, stated: Amount | None, currency: str, bundled_prices: Mapping[str, Price], file: Path
) -> Price:
    if stated is not None:
        low, likely, high = _list_points(stated)
        unit = bundled_prices[key].unit if key in bundled_prices else ""
        return Price(low, likely, high, currency, unit, "assumption", "", "stated for this decision")
    if key not in bundled_prices:
        raise InputError(f"prices.{key}: is missing, and {file.name} has no such row")
    if bundled_prices[key].currency != currency:
        raise InputError(
            f"prices.currency: {currency} is not the currency of {file.name}, and prices.{key} is left out; "
            f"state every price in {currency} ({', '.join(KEYS)}) or use {bundled_prices[key].currency}"
        )
    return bundled_prices[key]


def _list_points(amount: Amount) -> tuple[float, float, float]:
    if isinstance(amount, Estimate):
        return amount.low, amount.likely, amount.high
    return amount, amount, amount


def _read_price(row: Mapping[str, str], where: str) -> Price:
    low, likely, high = (_read_number(row[name], f"{where}: {name}") for name in ("low", "likely", "high"))
    if not low <= likely <= high:
        raise InputError(f"{where}: must be low <= likely <= high, not {low:g}, {likely:g}, {high:g}")
    kind = next((name for name in get_args(Kind) if name == row["kind"]), None)
    if kind is None:
        raise InputError(f"{where}: kind must be one of {', '.join(get_args(Kind))}, not {row['kind']!r}")
    if not row["source"].strip() or not row["date"].strip():
        raise InputError(f"{where}: needs a date and a source")
    return Price(low, likely, high, row["currency"], row["unit"], kind, row["date"], row["source"])


def _read_number(cell: str, where: str) -> float:
    try:
        value = float(cell)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value >= 0):
        raise InputError(f"{where}: must be a number >= 0, not {cell!r}")
    return value
