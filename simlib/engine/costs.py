"""Costs of operations on each host, drawn in columns so that designs share their random numbers."""

from array import array
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from simlib.engine.request_window import RequestWindow
from simlib.scenario.variates import Variates

MOST_COUNTED = 255
"""Further uses by one subject that are counted in a byte: there are few of most subjects, and many subjects."""
USED = -1.0
"""A variate x that its owner has used is kept as USED - x: negative, and its value not lost."""


class SecondsOf(Protocol):
    """Anything that inverts uniforms into seconds, such as a distribution."""

    def invert(self, uniform: NDArray[np.float64]) -> NDArray[np.float64]:
        """Seconds at each uniform."""


def build_scalar(law: Any) -> Callable[[float], float]:
    """Build the inverse of a law at one uniform, with its ``build_scalar`` where it has a quick one."""
    build = getattr(law, "build_scalar", None)
    scalar: Callable[[float], float] | None = None if build is None else build()
    return scalar or (lambda uniform: float(law.invert(np.array([uniform]))[0]))


@dataclass(frozen=True)
class Sum:
    """Two durations one after the other, both drawn by the same uniform: a bad moment is one for both."""

    first: SecondsOf
    second: SecondsOf

    def invert(self, uniform: NDArray[np.float64]) -> NDArray[np.float64]:
        """Seconds at each uniform."""
        return self.first.invert(uniform) + self.second.invert(uniform)


class CostTable(Protocol):
    """Operation -> seconds."""

    def invert(self, operation: str, uniform: NDArray[np.float64]) -> NDArray[np.float64]:
        """CPU seconds of the operation at each uniform."""


class StatedCosts:
    """A cost table from distributions, over an optional profile that holds the rest."""

    def __init__(self, own: Mapping[str, SecondsOf], profile: CostTable | None = None) -> None:
        self.costs = own
        self._profile = profile

    def invert(self, operation: str, uniform: NDArray[np.float64]) -> NDArray[np.float64]:
        """CPU seconds of the operation at each uniform; raises KeyError for an operation without a cost."""
        own = self.costs.get(operation)
        if own is not None:
            return own.invert(uniform)
        if self._profile is None:
            raise KeyError(f"no cost for operation {operation!r}; known are {', '.join(sorted(self.costs))}")
        return self._profile.invert(operation, uniform)

    def build_scalar(self, operation: str) -> Callable[[float], float] | None:
        """Build the inverse of an operation at one uniform; None where the table has no quick one."""
        build = None if operation in self.costs else getattr(self._profile, "build_scalar", None)
        scalar: Callable[[float], float] | None = None if build is None else build(operation)
        return scalar


class DrawnColumn:
    """Seconds of one purpose: first use by a request from a column, any other use by a keyed hash.

    ``values`` has one for each place of the window and is open to the driver, which takes first uses itself:
    ``x = values[place]``, and when x >= 0 it writes ``values[place] = USED - x``; otherwise it calls `take_further`.
    """

    __slots__ = (
        "_draw",
        "_ended_seconds",
        "_ended_uses",
        "_further_seconds",
        "_further_uses",
        "_invert",
        "_law",
        "_many_uses",
        "_purpose",
        "_variates",
        "_window",
        "values",
    )

    def __init__(self, purpose: str, law: SecondsOf, variates: Variates, window: RequestWindow) -> None:
        self._purpose = purpose
        self._law = law
        self._draw: Callable[[int, int], float] | None = None
        self._invert: Callable[[float], float] | None = None
        self._variates = variates
        self._window = window
        self._further_uses = bytearray()
        self._many_uses: dict[int, int] = {}
        self._further_seconds, self._ended_uses, self._ended_seconds = 0.0, 0, 0.0
        drawn = law.invert(variates.draw_block(purpose, window.first, window.size))
        if window.first:
            drawn = np.roll(drawn, window.find_place(window.first))
        # One more place at the end: subject -1 (work behind the requests) finds it used.
        self.values = array("d", drawn.tobytes())
        self.values.append(USED)
        window.add(self)

    def take(self, place: int) -> float:
        """Seconds for the next use by the request at this place."""
        value = self.values[place]
        if value >= 0.0:
            self.values[place] = USED - value
            return value
        return self.take_further(place)

    def take_further(self, place: int) -> float:
        """Seconds of a use after the first."""
        if self._draw is None or self._invert is None:
            self._draw, self._invert = self._variates.build_drawer(self._purpose), build_scalar(self._law)
            self._further_uses = bytearray(len(self.values))
        ordinal = self._further_uses[place] + 1
        if ordinal <= MOST_COUNTED:
            self._further_uses[place] = ordinal
        else:
            ordinal = self._many_uses[place] = self._many_uses.get(place, MOST_COUNTED) + 1
        value = self._invert(self._draw(self._window.find_request(place), ordinal))
        self._further_seconds += value
        return value

    def count_used(self) -> tuple[int, float]:
        """Count of the values that were used, and their sum."""
        values = np.frombuffer(self.values)[:-1]
        first = values[values < 0]
        further = int(np.frombuffer(self._further_uses, dtype=np.uint8).sum())
        further += sum(uses - MOST_COUNTED for uses in self._many_uses.values())
        seconds = float((USED - first).sum()) + self._ended_seconds + self._further_seconds
        return len(first) + self._ended_uses + further, seconds

    # --- as the window moves on ----------------------------------------------------------------------------------

    def replace_block(self, begin: int, count: int) -> None:
        """Put the variates of requests ``begin`` to ``begin + count - 1`` into the places of finished ones."""
        places = np.arange(begin, begin + count) & self._window.mask
        values = np.frombuffer(self.values)
        used = values[places]
        used = used[used < 0]
        self._ended_uses += len(used)
        self._ended_seconds += float((USED - used).sum())
        values[places] = self._law.invert(self._variates.draw_block(self._purpose, begin, count))
        if self._further_uses:
            uses = np.frombuffer(self._further_uses, dtype=np.uint8)
            self._ended_uses += int(uses[places].sum())
            uses[places] = 0
            for place in set(self._many_uses).intersection(places.tolist()) if self._many_uses else ():
                self._ended_uses += self._many_uses.pop(place) - MOST_COUNTED

    def lay_out(self, earlier: int) -> None:
        """Move the values to the places that they have in a window that has grown from an ``earlier`` size."""
        window, old, uses = self._window, self.values, self._further_uses
        requests = np.arange(window.first, window.first + earlier)
        before, now = requests & (earlier - 1), requests & window.mask
        self.values = array("d", bytes(8 * window.size))
        self.values.append(USED)
        np.frombuffer(self.values)[now] = np.frombuffer(old)[before]
        if uses:
            self._further_uses = bytearray(window.size + 1)
            counts = np.frombuffer(self._further_uses, dtype=np.uint8)
            counts[now], counts[-1] = np.frombuffer(uses, dtype=np.uint8)[before], uses[-1]
            moved = dict(zip(before.tolist(), now.tolist(), strict=True)) if self._many_uses else {}
            self._many_uses = {moved.get(place, place): count for place, count in self._many_uses.items()}


class Identity:
    """Uniforms as they are."""

    def invert(self, uniform: NDArray[np.float64]) -> NDArray[np.float64]:
        """The uniforms."""
        return uniform

    def build_scalar(self) -> Callable[[float], float]:
        """The uniform itself."""
        return float


class _Operation:
    """One row of a cost table as something that inverts uniforms."""

    def __init__(self, table: CostTable, operation: str) -> None:
        self._table = table
        self._operation = operation

    def invert(self, uniform: NDArray[np.float64]) -> NDArray[np.float64]:
        return self._table.invert(self._operation, uniform)

    def build_scalar(self) -> Callable[[float], float] | None:
        build = getattr(self._table, "build_scalar", None)
        scalar: Callable[[float], float] | None = None if build is None else build(self._operation)
        return scalar


class OperationCost(DrawnColumn):
    """The cost of one operation on one host."""

    __slots__ = ()

    def __init__(self, host: str, operation: str, table: CostTable, variates: Variates, window: RequestWindow) -> None:
        super().__init__(f"{host}.{operation}", _Operation(table, operation), variates, window)


class Measured(str):
    """Stands for an operation that is done already and took so many seconds; no name of a cost profile equals it."""

    __slots__ = ("operation", "seconds")
    operation: str
    seconds: float

    def __new__(cls, operation: str, seconds: float) -> "Measured":
        self = super().__new__(cls, f"{operation} (measured)")
        self.operation = operation
        self.seconds = seconds
        return self


class _UsedColumn:
    """Column whose first uses are all gone, so that the driver takes a further one."""

    def __getitem__(self, place: int) -> float:
        return USED


class MeasuredCost:
    """Cost of one measured operation, for its one use; the driver uses it like a drawn cost."""

    __slots__ = ("_seconds", "_totals")
    values = _UsedColumn()

    def __init__(self, seconds: float, totals: list[float]) -> None:
        self._seconds = seconds
        self._totals = totals

    def take_further(self, place: int) -> float:
        """The seconds, added to the totals of the operation: how often, and how long altogether."""
        self._totals[0] += 1
        self._totals[1] += self._seconds
        return self._seconds


class HostCosts(dict[str, OperationCost]):
    """Costs of the operations of one host, each drawn at its first use; a measured cost is never kept."""

    def __init__(self, host: str, table: CostTable, variates: Variates, window: RequestWindow) -> None:
        super().__init__()
        self._host = host
        self._table = table
        self._variates = variates
        self._window = window
        self._measured: dict[str, list[float]] = {}

    def __missing__(self, operation: str) -> OperationCost | MeasuredCost:
        if isinstance(operation, Measured):
            return MeasuredCost(operation.seconds, self._measured.setdefault(operation.operation, [0, 0.0]))
        cost = OperationCost(self._host, operation, self._table, self._variates, self._window)
        self[operation] = cost
        return cost

    def count_used(self) -> list[tuple[str, int, float]]:
        """Each operation, in the order of their names: how often it was charged, and seconds altogether."""
        used = {operation: cost.count_used() for operation, cost in self.items()}
        for operation, (times, measured) in self._measured.items():
            count, seconds = used.get(operation, (0, 0.0))
            used[operation] = (count + int(times), seconds + measured)
        return [(operation, *used[operation]) for operation in sorted(used)]
