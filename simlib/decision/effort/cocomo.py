"""COCOMO II, post-architecture: what it would take to write code of a size, as a cross-check.

Boehm et al., "Software Cost Estimation with COCOMO II" (2000), and the Model Definition Manual, version 2.1. It is
calibrated on projects far larger than these, and prices writing what the work items price integrating.
"""

from collections.abc import Mapping
from types import MappingProxyType

A, B = 2.94, 0.91
"""Constants of the calibration of 2000."""
SCALE_FACTORS: Mapping[str, float] = MappingProxyType(
    {"PREC": 3.72, "FLEX": 3.04, "RESL": 4.24, "TEAM": 3.29, "PMAT": 4.68}
)
"""All nominal."""
HOURS_PER_MONTH, HOURS_PER_DAY = 152.0, 8.0
RELY: Mapping[str, float] = MappingProxyType({"low": 0.92, "nominal": 1.0, "high": 1.10, "very high": 1.26})
"""Required reliability."""
CPLX: Mapping[str, float] = MappingProxyType({"nominal": 1.0, "high": 1.17, "very high": 1.34, "extra high": 1.74})
"""Complexity of the product."""


def compute_exponent() -> float:
    """0.91 + 0.01 times the sum of the scale factors: 1.0997."""
    return B + 0.01 * sum(SCALE_FACTORS.values())


def estimate_cocomo_days(nloc: float, reliability: str = "nominal", complexity: str = "nominal") -> float:
    """Person-days of 8 h for ``nloc`` lines of code; a person-month has 152 h. Raises KeyError for unknown ratings."""
    months: float = A * (nloc / 1000) ** compute_exponent() * RELY[reliability] * CPLX[complexity]
    return months * HOURS_PER_MONTH / HOURS_PER_DAY


def estimate_cocomo_months(nloc: float) -> float:
    """Calendar months: 3.67 PM^(0.28 + 0.2 (E - 0.91)), all ratings nominal."""
    person_months = estimate_cocomo_days(nloc) * HOURS_PER_DAY / HOURS_PER_MONTH
    months: float = 3.67 * person_months ** (0.28 + 0.2 * (compute_exponent() - B))
    return months
