"""Published vulnerabilities: how often a JOSE library has one, and what goes wrong in which class.

JWTs are used far beyond OAuth 2.0, and introspection is usually code of one's own that gets no number, so the counts of
classes are no ratio of risks. What can be used is the rate at which a library must be patched.
"""

from collections.abc import Mapping
from typing import NamedTuple

from simlib.decision.effort.facts import fact_rows
from simlib.decision.effort.keys import bringing, design_keys
from simlib.scenario.design import Design

_READING = ("jwt_local", "encrypted_jwt", "lightweight_jwt", "signed_introspection", "session_jwt")
VERIFYING = (
    *(f"{place}:{part}" for place in ("service", "gateway") for part in _READING),
    *("wrappers:status_list", "wrappers:dpop"),
)
"""Parts that keep a JOSE library in a resource server."""


class Rate(NamedTuple):
    """Advisories per library and year: lowest and highest of the libraries whose years are known."""

    low: float
    high: float


def library_rate() -> Rate:
    """Of JOSE libraries: 0.4 to 0.7 a year."""
    known = [row for row in fact_rows("advisories") if row["kind"] == "JOSE" and row["years"]]
    rates = [float(row["advisories"]) / float(row["years"]) for row in known]
    return Rate(min(rates), max(rates))


def advisories_of(design: Design) -> Rate | None:
    """The rate of the JOSE library in each resource server; None where no resource server has one."""
    return library_rate() if bringing(VERIFYING, design_keys(design)) else None


def class_totals() -> Mapping[str, int]:
    """Reports of the Go vulnerability database by where the mistake was: library, application, introspection."""
    kinds = ("jwt_library", "jwt_application", "introspection")
    return {kind: sum(int(row[kind]) for row in fact_rows("advisory_classes")) for kind in kinds}
