"""One figure about designs, and what kind of figure it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Mark = Literal["measured", "counted", "assumed"]
LEVEL = 0.9
"""Of all intervals of indicators."""

Value = tuple[float, ...]
"""One number; two, lowest and highest; or three, the middle and both ends of its interval."""


@dataclass(frozen=True)
class Indicator:
    """One row: what it says, in which unit, of which kind, where it comes from, and a value per design (None: unknown).

    ``values`` of the differences have None for the design that others are held against.
    """

    name: str
    label: str
    unit: str
    mark: Mark
    source: str
    values: Mapping[str, Value | None]
