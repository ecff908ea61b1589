"""Indicator: one figure about designs, with its kind and source."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Mark = Literal["measured", "counted", "assumed"]
LEVEL = 0.9
"""Level of all intervals of indicators."""

Value = tuple[float, ...]
"""One number; two, lowest and highest; or three, the middle and both ends of its interval."""


@dataclass(frozen=True)
class Indicator:
    """Row of indicators: name, label, unit, kind, source, and a value per design (None: unknown).

    ``values`` of differences have None for the design that others are compared with.
    """

    name: str
    label: str
    unit: str
    mark: Mark
    source: str
    values: Mapping[str, Value | None]
