"""Structural limits: those that need no simulation (availability, revocation lag, headers, opacity, dependency)."""

import math
from collections.abc import Callable, Iterator, Mapping

from simlib.decision.choice.case import Case
from simlib.decision.choice.cost_causes import OUTAGES
from simlib.decision.choice.design_case import DesignCase
from simlib.decision.choice.inputs import Input
from simlib.decision.choice.results import LimitOutcome, LimitWord
from simlib.decision.economics.formulas import HOURS_PER_YEAR
from simlib.decision.promises import format_seconds

Check = Callable[[Case, DesignCase, Mapping[str, Input]], LimitOutcome]


def check_structural_limits(case: Case, design_case: DesignCase, inputs: Mapping[str, Input]) -> Iterator[LimitOutcome]:
    """Outcomes of the structural limits that the scenario sets."""
    limits = case.scenario.limits.model_dump(exclude_none=True)
    for limit, check in CHECKS.items():
        if limits.get(limit, False) is not False:
            yield check(case, design_case, inputs)


def compute_unavailable_share(design_case: DesignCase, outage_hours: float) -> float:
    """Share of the year's requests that are refused because the authorization server is down."""
    return min(outage_hours / HOURS_PER_YEAR, 1.0) * (1.0 - design_case.served)


def _check_availability(case: Case, design_case: DesignCase, inputs: Mapping[str, Input]) -> LimitOutcome:
    least_allowed = case.scenario.limits.availability or 0.0
    hours = inputs[OUTAGES].likely
    observed = 1.0 - compute_unavailable_share(design_case, hours)
    reason = (
        f"{design_case.served:.1%} of the requests are served while the authorization server is down, {hours:g} hours "
        "a year"
    )
    is_met = observed >= least_allowed
    return _judge(design_case, "availability", f"at least {least_allowed:.4%}", f"{observed:.4%}", is_met, reason)


def _check_revocation_lag(case: Case, design_case: DesignCase, inputs: Mapping[str, Input]) -> LimitOutcome:
    largest_allowed = case.scenario.limits.revocation_lag_s or 0.0
    lag = design_case.bounds.after_revocation_s
    reason = f"by its settings a revoked token may be accepted for {format_seconds(lag)}"
    allowed = f"at most {format_seconds(largest_allowed)}"
    return _judge(design_case, "revocation_lag_s", allowed, format_seconds(lag), lag <= largest_allowed, reason)


def _check_header(case: Case, design_case: DesignCase, inputs: Mapping[str, Input]) -> LimitOutcome:
    largest_allowed, observed = case.scenario.limits.header_bytes or 0.0, design_case.header_bytes
    allowed = f"at most {largest_allowed:,g} B"
    if math.isnan(observed):
        return LimitOutcome(
            design_case.design, "header_bytes", allowed, "-", "undefined", "No header was observed.", None
        )
    reason = f"the largest request header, token included, has {observed:,.0f} B"
    return _judge(design_case, "header_bytes", allowed, f"{observed:,.0f} B", observed <= largest_allowed, reason)


def _check_opaque_to_clients(case: Case, design_case: DesignCase, inputs: Mapping[str, Input]) -> LimitOutcome:
    allowed = "clients cannot read their token"
    if design_case.structure is None:
        return _leave_undefined(design_case, "opaque_to_clients", allowed)
    is_opaque = design_case.structure.opaque_to_clients
    observed = "they cannot" if is_opaque else "they can"
    reason = f"clients hold a token that they can{'not' if is_opaque else ''} read"
    return _judge(design_case, "opaque_to_clients", allowed, observed, is_opaque, reason)


def _check_no_as_dependency(case: Case, design_case: DesignCase, inputs: Mapping[str, Input]) -> LimitOutcome:
    allowed = "no request waits for the authorization server"
    if design_case.structure is None:
        return _leave_undefined(design_case, "no_as_dependency", allowed)
    if not design_case.structure.asks_authorization_server:
        return _judge(design_case, "no_as_dependency", allowed, "none does", True, "only keys are fetched from it")
    return _judge(design_case, "no_as_dependency", allowed, "some may", False, "requests may wait for its answer")


def _leave_undefined(design_case: DesignCase, limit: str, allowed: str) -> LimitOutcome:
    return LimitOutcome(design_case.design, limit, allowed, "-", "undefined", "The parts were not examined.", None)


def _judge(design_case: DesignCase, limit: str, allowed: str, observed: str, is_met: bool, reason: str) -> LimitOutcome:
    word: LimitWord = "met" if is_met else "broken"
    return LimitOutcome(design_case.design, limit, allowed, observed, word, f"{reason[0].upper()}{reason[1:]}.")


CHECKS: Mapping[str, Check] = {
    "availability": _check_availability,
    "revocation_lag_s": _check_revocation_lag,
    "header_bytes": _check_header,
    "opaque_to_clients": _check_opaque_to_clients,
    "no_as_dependency": _check_no_as_dependency,
}
