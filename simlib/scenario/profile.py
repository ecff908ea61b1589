"""Cost profile: CPU seconds of each operation, as measured quantiles."""

import csv
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from simlib.scenario.errors import InputError
from simlib.scenario.texts import describe_control, describe_read_failure, escape_controls, find_control, read_text

FORMAT = "simlib-profile-1"
LARGEST_BYTES = 50_000_000
"""Most bytes of a profile file; 5,000 quantiles of 200 operations have about a third."""
QUIET_SHARE = 0.995
"""Share of a measured distribution that is the operation; the rest is the host (evidence: performance, 3.4)."""

MANY_CLAIMS = ".40"
"""Ending of a row for a token of forty claims; the row without it is for ten."""
FEW_BYTES, MANY_BYTES = 277, 1207
"""Bytes of the claims as JSON in the tokens that calibration measures, with ten claims and with forty."""
NEAR_FEW = 0.2
"""Up to this share of the distance from ten claims to forty (sixteen claims) a token is charged the row for ten."""

HostNoise = Literal["quiet", "as_measured"]


@dataclass(frozen=True, eq=False)
class CostProfile:
    """Operation -> quantiles of its CPU seconds, evenly spaced from probability 0 to 1.

    ``about`` holds machine, library versions and date. ``noise`` "quiet" leaves out the slowest 0.5 %, which
    are the machine's stalls and not the operation; "as_measured" keeps them. ``source`` is the file as its reader named
    it; empty for a bundled one.
    """

    name: str
    quantiles: Mapping[str, NDArray[np.float64]]
    about: Mapping[str, str]
    noise: HostNoise = "quiet"
    source: str = ""

    @property
    def origin(self) -> str:
        """The file, or else the name, by which messages name the profile."""
        return self.source or self.name

    def find_row(self, operation: str) -> NDArray[np.float64] | None:
        """Find the operation's quantiles, on the line through the rows for ten and forty claims; None if unknown."""
        name, size, share = operation.partition("@")
        few = self.quantiles.get(name)
        if not size or few is None:
            return few
        many = self.quantiles.get(name + MANY_CLAIMS)
        if many is None:
            return None
        few, many = _resample(few, many)
        line = few + (int(share) - FEW_BYTES) / (MANY_BYTES - FEW_BYTES) * (many - few)
        return np.maximum.accumulate(np.maximum(line, 0.0))

    def invert(self, operation: str, uniform: NDArray[np.float64]) -> NDArray[np.float64]:
        """Invert the operation's distribution at the uniforms; same shape, seconds."""
        table = self.find_row(operation)
        if table is None:
            raise InputError(f"profile {self.origin!r} has no operation {operation!r}; it has {self.list_operations()}")
        if len(table) == 1:
            return np.full(uniform.shape, table[0])
        position = uniform * (QUIET_SHARE if self.noise == "quiet" else 1.0) * (len(table) - 1)
        return np.interp(position, np.arange(len(table)), table)

    def build_scalar(self, operation: str) -> Callable[[float], float] | None:
        """Build `invert` for one uniform, equal to it bit by bit; None for an unknown operation."""
        row = self.find_row(operation)
        if row is None:
            return None
        table: list[float] = row.tolist()
        last, share = len(table) - 1, QUIET_SHARE if self.noise == "quiet" else 1.0
        if last == 0:
            return lambda uniform: table[0]

        def invert(uniform: float) -> float:
            position = uniform * share * last
            below = int(position)
            if below >= last:
                return table[last]
            low = table[below]
            # In the order in which np.interp computes it.
            return (table[below + 1] - low) * (position - below) + low

        return invert

    def mean(self, operation: str) -> float:
        """Mean CPU seconds of one operation under the profile's noise."""
        return float(self.invert(operation, (np.arange(4096) + 0.5) / 4096).mean())

    def list_operations(self) -> str:
        """List the operations as a text for messages."""
        return ", ".join(sorted(self.quantiles))


def name_sized_operation(operation: str, payload_bytes: int) -> str:
    """Name the operation that is charged for a token with so many bytes of claims.

    A token about as large as the measured one of ten claims is charged that row; a larger one, with its size after
    "@" in the name, a value on the straight line through the rows for ten and forty claims (`CostProfile.find_row`).
    """
    near = FEW_BYTES + NEAR_FEW * (MANY_BYTES - FEW_BYTES)
    return operation if payload_bytes <= near else f"{operation}@{payload_bytes}"


def load_profile(path: Path, noise: HostNoise = "quiet") -> CostProfile:
    """Read a profile: comment lines ``# key: value``, then rows ``operation,q0,...,qN`` in seconds.

    Raises InputError naming file and row when the file is not such a profile.
    """
    try:
        text = read_text(path, LARGEST_BYTES)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read as a cost profile ({describe_read_failure(error)})") from error
    return replace(_parse_profile(path, text), noise=noise)


@lru_cache(maxsize=16)
def _parse_profile(path: Path, text: str) -> CostProfile:
    """Parse a profile, once for all scenarios that name it: its tables cannot be written to."""
    lines = text.replace("\r\n", "\n").split("\n")
    _check_characters(path, lines)
    about: dict[str, str] = {}
    rows: list[tuple[int, str]] = []
    for number, line in enumerate(lines, start=1):
        if line.startswith("#"):
            key, _, value = line[1:].partition(":")
            about[key.strip()] = value.strip()
        elif line.strip():
            rows.append((number, line))
    if about.get("format") != FORMAT:
        raise InputError(f"{path}: not a cost profile of format {FORMAT} (format is {about.get('format', 'missing')})")
    name, tables = escape_controls(path.stem), _read_tables(path, rows)
    return CostProfile(name, MappingProxyType(tables), MappingProxyType(about), source=str(path))


def _check_characters(path: Path, lines: list[str]) -> None:
    for number, line in enumerate(lines, start=1):
        control = find_control(line, "\t")
        if control:
            raise InputError(f"{path}, row {number}: holds the {describe_control(control)}; allowed: printable text")


def _resample(*tables: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """Resample the tables at as many probabilities as the longest one has."""
    if len({len(table) for table in tables}) == 1:
        return list(tables)
    places = np.linspace(0.0, 1.0, max(map(len, tables)))
    return [np.interp(places, np.linspace(0.0, 1.0, len(table)), table) for table in tables]


def _read_tables(path: Path, rows: list[tuple[int, str]]) -> dict[str, NDArray[np.float64]]:
    tables: dict[str, NDArray[np.float64]] = {}
    width = None
    for number, line in rows:
        operation, *cells = next(csv.reader([line]))
        if operation == "operation":
            width = len(cells)
            continue
        if not operation or operation in tables:
            raise InputError(
                f"{path}, row {number}: {f'a second row of {operation}' if operation else 'names no operation'}"
            )
        if width not in (None, len(cells)) and len(cells) > 1:
            raise InputError(
                f"{path}, row {number} ({operation}): has {len(cells)} quantiles where the heading has {width}; "
                f"allowed: {width}, or 1 for a constant"
            )
        tables[operation] = _read_quantiles(path, number, operation, cells)
    if not tables:
        raise InputError(f"{path}: holds no operation; rows are operation,q0,...,qN in seconds")
    return tables


def _read_quantiles(path: Path, number: int, operation: str, cells: list[str]) -> NDArray[np.float64]:
    try:
        values = np.array([float(cell) for cell in cells], dtype=np.float64)
    except ValueError as error:
        raise InputError(f"{path}, row {number} ({operation}): not a number ({error})") from error
    if values.size == 0 or not np.isfinite(values).all() or (values < 0).any():
        raise InputError(f"{path}, row {number} ({operation}): quantiles must be finite seconds >= 0")
    if (np.diff(values) < 0).any():
        raise InputError(f"{path}, row {number} ({operation}): quantiles must not decrease")
    values.setflags(write=False)
    return values
