"""Public evidence of effort: code of projects with both sides, vulnerabilities of JOSE libraries, normative
obligations.

Code is compared as ratios within a project, never across languages; measurements and remarks are in
``data/effort/measured_code.csv``. JWTs are used far beyond OAuth 2.0, and introspection is usually code of one's own
without advisories, so the counts of vulnerability classes are no ratio of risks; the rate at which a library must be
patched can be used. Obligations are counts of what documents say MUST be done.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from simlib.decision.effort.csv_tables import read_fact_rows, split_patterns
from simlib.decision.effort.item_keys import find_matching_keys, list_design_keys
from simlib.decision.effort.items import EVERYTHING
from simlib.scenario.design import Design

BOOTSTRAPS, BOOTSTRAP_SEED = 9_999, 20_261_127


class CodePair(NamedTuple):
    """One project's code on both sides, in lines without blanks and comments, or in another column's unit."""

    project: str
    language: str
    opaque: float
    jwt: float

    @property
    def ratio(self) -> float:
        """JWT side over opaque side."""
        return self.jwt / self.opaque


class Ratio(NamedTuple):
    """A geometric mean of ratios with its bootstrap interval at ``level``, their range, and of how many projects."""

    mean: float
    low: float
    high: float
    smallest: float
    largest: float
    projects: int
    above_one: int
    level: float


def list_code_pairs(layer: str, column: str = "nloc") -> tuple[CodePair, ...]:
    """Code pairs of a layer, "RS" or "AS"; a side of several rows is their signed sum.

    ``column`` is nloc, functions, cyclomatic, cognitive, error_sites, config_options or test_nloc; pairs of which a
    side lacks it, or has none, are left out.
    """
    rows = [row for row in read_fact_rows("measured_code") if row["layer"].startswith(layer) and row["pair"]]
    found = []
    for name in dict.fromkeys(row["pair"] for row in rows):
        sides = [[row for row in rows if (row["pair"], row["pair_side"]) == (name, side)] for side in ("opaque", "jwt")]
        if all(row[column] for side in sides for row in side):
            opaque, jwt = (sum(int(row["sign"]) * float(row[column]) for row in side) for side in sides)
            found += [CodePair(name, sides[0][0]["language"], opaque, jwt)] if opaque > 0 < jwt else []
    return tuple(found)


def compute_median_code_size(layer: str, side: str) -> float:
    """Median NLOC of one side, "opaque" or "jwt", over the projects of a layer."""
    return float(np.median([getattr(pair, side) for pair in list_code_pairs(layer)]))


def estimate_ratio(pairs: Sequence[CodePair], level: float = 0.9) -> Ratio:
    """Geometric mean of the pairs' ratios, with a percentile bootstrap over projects: the same at every call.

    Raises ValueError for fewer than two pairs.
    """
    from scipy.stats import bootstrap  # slow to import, and rarely needed

    logs = np.log([pair.ratio for pair in pairs])
    generator = np.random.default_rng(BOOTSTRAP_SEED)
    drawn = bootstrap(
        (logs,), np.mean, n_resamples=BOOTSTRAPS, confidence_level=level, method="percentile", rng=generator
    )
    low, high = (float(np.exp(end)) for end in drawn.confidence_interval)
    ratios = np.exp(logs)
    return Ratio(
        mean=float(np.exp(logs.mean())),
        low=low,
        high=high,
        smallest=float(ratios.min()),
        largest=float(ratios.max()),
        projects=len(pairs),
        above_one=int((ratios > 1).sum()),
        level=level,
    )


_READING = ("jwt_local", "encrypted_jwt", "lightweight_jwt", "signed_introspection", "session_jwt")
VERIFYING = (
    *(f"{place}:{part}" for place in ("service", "gateway") for part in _READING),
    *("wrappers:status_list", "wrappers:dpop"),
)
"""Parts with a JOSE library in a resource server."""


class Rate(NamedTuple):
    """Advisories per library and year: lowest and highest of the libraries whose years are known."""

    low: float
    high: float


def compute_library_rate() -> Rate:
    """Of JOSE libraries: 0.4 to 0.7 a year."""
    dated = [row for row in read_fact_rows("advisories") if row["kind"] == "JOSE" and row["years"]]
    rates = [float(row["advisories"]) / float(row["years"]) for row in dated]
    return Rate(min(rates), max(rates))


def find_advisory_rate(design: Design) -> Rate | None:
    """The rate of the JOSE library in each resource server; None where no resource server has one."""
    return compute_library_rate() if find_matching_keys(VERIFYING, list_design_keys(design)) else None


def count_advisory_classes() -> Mapping[str, int]:
    """Reports of the Go vulnerability database by where the mistake was: library, application, introspection."""
    kinds = ("jwt_library", "jwt_application", "introspection")
    return {kind: sum(int(row[kind]) for row in read_fact_rows("advisory_classes")) for kind in kinds}


class Obligation(NamedTuple):
    """Requirements of one document for one actor; ``must`` is None where they are not counted."""

    document: str
    actor: str
    must: int | None
    should: int | None
    how: str


def list_obligations(design: Design) -> tuple[Obligation, ...]:
    """Documents that apply to this design beyond those that apply to every design."""
    keys = list_design_keys(design)
    return tuple(
        Obligation(row["document"], row["actor"], _parse_count(row["must"]), _parse_count(row["should"]), row["how"])
        for row in read_fact_rows("obligations")
        if row["parts"] != EVERYTHING and find_matching_keys(split_patterns(row["parts"]), keys)
    )


def count_obligations(design: Design) -> Mapping[str, int]:
    """Actor ("RS", "AS", "client") -> how many obligations were counted beyond the common ones."""
    found = {"RS": 0, "AS": 0, "client": 0}
    for obligation in list_obligations(design):
        if obligation.actor in found:
            found[obligation.actor] += obligation.must or 0
    return found


def list_uncounted_documents(design: Design) -> tuple[str, ...]:
    """Documents that apply to the design and are not counted."""
    return tuple(obligation.document for obligation in list_obligations(design) if obligation.must is None)


def _parse_count(cell: str) -> int | None:
    return int(cell) if cell else None
