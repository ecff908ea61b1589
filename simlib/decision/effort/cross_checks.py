"""Cross-checks of effort: COCOMO II (post-architecture) from lines of code, and functional size in COSMIC points.

COCOMO II: Boehm et al., "Software Cost Estimation with COCOMO II" (2000), and the Model Definition Manual, version 2.1.
It is calibrated on far larger projects, and estimates writing the code that the work items integrate. COSMIC (ISO/IEC
19761): one data movement is one point, and every movement is a row of ``data/effort/cosmic.csv``. The method ignores
algorithms, cryptography above all, so the JWT side is a lower bound.
"""

from collections.abc import Mapping
from types import MappingProxyType

from simlib.decision.effort.csv_tables import read_fact_rows

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


def count_cosmic_points(side: str, strategy: str) -> int:
    """Data movements of "RS" or "AS" for "opaque", "opaque_cache" (RS only) or "jwt"."""
    return sum((row["side"], row["strategy"]) == (side, strategy) for row in read_fact_rows("cosmic"))
