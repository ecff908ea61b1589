"""Functional size in COSMIC function points (ISO/IEC 19761): one data movement is one point.

Every movement is a row of ``data/effort/cosmic.csv``. The method is blind to algorithms, cryptography above all, so the
JWT side is a lower bound.
"""

from simlib.decision.effort.csv_tables import read_fact_rows


def count_cosmic_points(side: str, strategy: str) -> int:
    """Data movements of "RS" or "AS" for "opaque", "opaque_cache" (RS only) or "jwt"."""
    return sum((row["side"], row["strategy"]) == (side, strategy) for row in read_fact_rows("cosmic"))
