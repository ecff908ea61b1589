"""Prices with their sources: those of data/prices.csv, and those of a scenario in their place."""

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal, NamedTuple, get_args

from simlib.scenario.base import bundled
from simlib.scenario.economics import Amount, Estimate, Prices
from simlib.scenario.errors import InputError

COLUMNS = ("key", "low", "likely", "high", "currency", "unit", "kind", "date", "source")
Kind = Literal["sourced", "assumption"]
KEYS = tuple(name for name in Prices.model_fields if name != "currency")
"""The prices that a decision takes."""


class Price(NamedTuple):
    """One price: a three-point estimate in ``currency`` per ``unit``, since when, and where it is from."""

    low: float
    likely: float
    high: float
    currency: str
    unit: str
    kind: Kind
    date: str
    source: str

    @property
    def told(self) -> str:
        """Where it is from, as a reader sees it."""
        return f"{self.source} ({self.kind}, {self.date})" if self.date else f"{self.source} ({self.kind})"


@dataclass(frozen=True)
class ResolvedPrices:
    """Every price that a decision takes, in one currency."""

    currency: str
    vcpu_hour: Price
    database_vcpu_hour: Price
    gigabyte: Price
    storage_gigabyte_month: Price
    developer_day: Price

    @property
    def by_key(self) -> Mapping[str, Price]:
        """Key -> price, in the order of a scenario file."""
        return MappingProxyType({key: getattr(self, key) for key in KEYS})


def prices_file() -> Path:
    """The bundled prices."""
    return bundled(".") / "prices.csv"


def load_prices(path: Path | None = None) -> Mapping[str, Price]:
    """Key -> price of a file with the columns of COLUMNS, by default the bundled one.

    The bundled file also holds the list prices that its estimates are made of. Raises InputError naming file and row.
    """
    file = path or prices_file()
    try:
        rows = list(csv.DictReader(file.read_text(encoding="utf-8-sig").splitlines(), restkey="more", strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or "not a CSV file in UTF-8"
        raise InputError(f"{file}: cannot be read as prices ({reason})") from error
    missing = [name for name in COLUMNS if not rows or name not in rows[0]]
    if missing:
        raise InputError(f"{file}: has no column {missing[0]!r}; prices have {', '.join(COLUMNS)}")
    found: dict[str, Price] = {}
    for number, row in enumerate(rows, start=2):
        where = f"{file}, row {number}"
        if None in row.values() or "more" in row:
            raise InputError(f"{where}: has not {len(COLUMNS)} cells; prices have {', '.join(COLUMNS)}")
        if row["key"] in found:
            raise InputError(f"{where}: a second row of {row['key']!r}")
        found[row["key"]] = _price(row, f"{where} ({row['key']})")
    return MappingProxyType(found)


def resolve_prices(prices: Prices, path: Path | None = None) -> ResolvedPrices:
    """The prices of a scenario, completed from those of a file.

    Raises InputError when what is left out is not there, or is there in another currency.
    """
    known = load_prices(path)
    chosen = {key: _chosen(key, getattr(prices, key), prices.currency, known, path or prices_file()) for key in KEYS}
    return ResolvedPrices(currency=prices.currency, **chosen)


def _chosen(key: str, given: Amount | None, currency: str, known: Mapping[str, Price], file: Path) -> Price:
    if given is not None:
        low, likely, high = _points(given)
        unit = known[key].unit if key in known else ""
        return Price(low, likely, high, currency, unit, "assumption", "", "stated for this decision")
    if key not in known:
        raise InputError(f"prices.{key}: is missing, and {file.name} has no such row")
    if known[key].currency != currency:
        raise InputError(
            f"prices.currency: {currency} is not the currency of {file.name}, and prices.{key} is left out; "
            f"give every price in {currency} ({', '.join(KEYS)}) or use {known[key].currency}"
        )
    return known[key]


def _points(amount: Amount) -> tuple[float, float, float]:
    if isinstance(amount, Estimate):
        return amount.low, amount.likely, amount.high
    return amount, amount, amount


def _price(row: Mapping[str, str], where: str) -> Price:
    low, likely, high = (_number(row[name], f"{where}: {name}") for name in ("low", "likely", "high"))
    if not low <= likely <= high:
        raise InputError(f"{where}: must be low <= likely <= high, not {low:g}, {likely:g}, {high:g}")
    kind = next((known for known in get_args(Kind) if known == row["kind"]), None)
    if kind is None:
        raise InputError(f"{where}: kind must be one of {', '.join(get_args(Kind))}, not {row['kind']!r}")
    if not row["source"].strip() or not row["date"].strip():
        raise InputError(f"{where}: needs a date and a source")
    return Price(low, likely, high, row["currency"], row["unit"], kind, row["date"], row["source"])


def _number(cell: str, where: str) -> float:
    try:
        value = float(cell)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value >= 0):
        raise InputError(f"{where}: must be a number >= 0, not {cell!r}")
    return value
