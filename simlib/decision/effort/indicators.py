"""Indicators of development complexity side by side: person-days, obligations, code, process and two cross-checks.

They are of different kinds and are never added up. The cross-checks are COCOMO II (post-architecture) from lines of
code, and functional size in COSMIC points. COCOMO II: Boehm et al., "Software Cost Estimation with COCOMO II" (2000),
and the Model Definition Manual, version 2.1; it is calibrated on far larger projects, and estimates writing the code
that the work items integrate. COSMIC (ISO/IEC 19761): one data movement is one point, and every movement is a row of
``data/effort/cosmic.csv``. The method ignores algorithms, cryptography above all, so the JWT side is a lower bound.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType

from simlib.analysis.process import count_phase
from simlib.decision.effort.code_size import measure_design
from simlib.decision.effort.csv_tables import read_fact_rows
from simlib.decision.effort.indicator import LEVEL, Indicator, Value
from simlib.decision.effort.item_keys import has_checking_gateway, list_part_names
from simlib.decision.effort.items import EffortLedger
from simlib.decision.effort.person_days import build_person_day_indicators
from simlib.decision.effort.public_evidence import (
    compute_median_code_size,
    count_obligations,
    estimate_ratio,
    find_advisory_rate,
    list_code_pairs,
)
from simlib.decision.effort.work import Counts
from simlib.scenario.design import Design
from simlib.scenario.scenario import Scenario
from simlib.tracing.single_user import list_client_kinds
from simlib.tracing.user_lifecycle import FIRST, NEXT, SIGN_IN, trace_user

DRAWS, SEED = 10_000, 20_261_127

ProcessCounts = Mapping[str, Mapping[str, float]]
"""Design -> count -> number, counted in the trace of one user (`simlib.analysis.process`)."""


def measure_indicators(
    ledger: EffortLedger,
    designs: Mapping[str, Design],
    counts: Counts,
    *,
    present: Design | None = None,
    process_counts: ProcessCounts | None = None,
    n: int = DRAWS,
    seed: int = SEED,
) -> tuple[Indicator, ...]:
    """Measure every indicator of these designs; differences are those to the first.

    Person-days are PERT means with the central 90 % of the draws. ``process_counts`` adds the counts of the process,
    for which a scenario is needed.
    """
    return (
        *build_person_day_indicators(ledger, designs, counts, present, n, seed),
        *_count_obligations(designs),
        *_measure_code(designs),
        *_list_process(designs, process_counts or {}),
        *_compute_cross_checks(designs),
    )


def _count_obligations(designs: Mapping[str, Design]) -> list[Indicator]:
    found = {name: count_obligations(design) for name, design in designs.items()}
    source = "key words of RFCs and requirements of ASVS, beyond those that hold for all (data/effort/obligations.csv)"
    actors = (("RS", "obligations of the RS"), ("AS", "obligations of the AS"), ("client", "obligations of the client"))
    return [
        Indicator(
            f"must_{actor.lower()}", label, "MUST", "counted", source, {d: (float(found[d][actor]),) for d in designs}
        )
        for actor, label in actors
        if any(found[design][actor] for design in designs)
    ]


def _measure_code(designs: Mapping[str, Design]) -> list[Indicator]:
    ratio = estimate_ratio(list_code_pairs("RS"), LEVEL)
    public: dict[str, Value | None] = {"opaque": (1.0,), "jwt": (ratio.mean, ratio.low, ratio.high)}
    sizes = {name: measure_design(design) for name, design in designs.items()}
    pairs_source = f"{ratio.projects} projects that hold both sides (data/effort/measured_code.csv)"
    own_source = "lizard over simlib's own parts (data/effort/own_code.csv)"
    rows = [
        Indicator(
            "public_code_ratio",
            "code at the RS, public projects",
            "x opaque",
            "measured",
            pairs_source,
            {name: public.get(_find_family(design)) for name, design in designs.items()},
        )
    ]
    for side in ("RS", "AS"):
        for attribute, unit in (("nloc", "NLOC"), ("cyclomatic", "cyclomatic")):
            values = {name: (float(getattr(sizes[name][side], attribute)),) for name in designs}
            label = f"code of simlib's parts at the {side}"
            rows.append(Indicator(f"own_{attribute}_{side.lower()}", label, unit, "measured", own_source, values))
    advisories = {name: find_advisory_rate(design) or (0.0,) for name, design in designs.items()}
    source = "JOSE libraries in the Go vulnerability database (data/effort/advisories.csv)"
    label = "advisories of the RS's JOSE library"
    return [*rows, Indicator("advisories", label, "a year", "counted", source, advisories)]


def _list_process(designs: Mapping[str, Design], process_counts: ProcessCounts) -> list[Indicator]:
    names = dict.fromkeys(count for counted in process_counts.values() for count in counted)
    source = "trace of one user's life (simlib process)"
    return [
        Indicator(
            "process_" + re.sub("[^a-z]+", "_", name),
            name,
            "",
            "counted",
            source,
            {
                design: (process_counts[design][name],) if name in process_counts.get(design, {}) else None
                for design in designs
            },
        )
        for name in names
    ]


def _compute_cross_checks(designs: Mapping[str, Design]) -> list[Indicator]:
    """Indicators of two other methods for the plain strategies; neither covers wrappers and other formats."""
    sides = ("opaque", "jwt")
    cocomo = {
        side: sum(estimate_cocomo_days(compute_median_code_size(layer, side)) for layer in ("RS", "AS"))
        for side in sides
    }
    cosmic = {side: float(sum(count_cosmic_points(layer, side) for layer in ("RS", "AS"))) for side in sides}
    label, source = "COCOMO II: RS and AS written anew", "formula on the measured median sizes of public code"
    movements = "data movements (data/effort/cosmic.csv)"
    return [
        Indicator("cocomo_days", label, "person-days", "assumed", source, _assign_by_family(designs, cocomo)),
        Indicator(
            "cosmic_points", "COSMIC: RS and AS", "points", "counted", movements, _assign_by_family(designs, cosmic)
        ),
    ]


def _assign_by_family(designs: Mapping[str, Design], values: Mapping[str, float]) -> dict[str, Value | None]:
    families = {name: _find_family(design) for name, design in designs.items()}
    return {name: (values[family],) if family in values else None for name, family in families.items()}


def _find_family(design: Design) -> str:
    """ "opaque" or "jwt" for the plain strategies that public code bases were measured for, else something else."""
    if any(word in part for part in list_part_names(design) for word in ("wrappers:", "downstream:token_exchange")):
        return "other"
    plain = {"opaque_introspection": "opaque", "opaque_cached": "opaque", "jwt_local": "jwt"}
    return "other" if has_checking_gateway(design) else plain.get(design.parts["service"].part, "other")


def count_process(scenario: Scenario) -> Mapping[str, Mapping[str, float]]:
    """Design -> count -> number, for the first kind of client; `simlib process` reports all counts.

    Raises what `simlib.tracing.user_lifecycle.trace_user` raises.
    """
    kind = list_client_kinds(scenario)[0]
    counts_by_design = {}
    for design in scenario.designs:
        life = trace_user(scenario, design, kind)
        phases = {phase: count_phase(life, phase) for phase in life.phases}
        counts_by_design[design] = {
            **{
                f"messages: {phase}": float(phases[phase].messages)
                for phase in (SIGN_IN, FIRST, NEXT)
                if phase in phases
            },
            "changes of state: whole life": float(sum(count.state_transitions for count in phases.values())),
        }
    return counts_by_design


A, B = 2.94, 0.91
"""COCOMO II: constants of the calibration of 2000."""
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
