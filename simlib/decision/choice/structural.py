"""Limits that no simulation is needed for: what a design promises, who reads its tokens, on whom it depends."""

import math
from collections.abc import Callable, Iterator, Mapping

from simlib.decision.choice.facts import Case, Facts
from simlib.decision.choice.inputs import OUTAGES, Input
from simlib.decision.choice.values import LimitOutcome, LimitWord
from simlib.decision.economics.formulas import HOURS_PER_YEAR
from simlib.decision.promised import promised, told_seconds

Check = Callable[[Case, Facts, Mapping[str, Input]], LimitOutcome]


def structural_limits(case: Case, facts: Facts, inputs: Mapping[str, Input]) -> Iterator[LimitOutcome]:
    """The outcome of each that the scenario sets."""
    given = case.scenario.limits.model_dump(exclude_none=True)
    for limit, check in CHECKS.items():
        if given.get(limit, False) is not False:
            yield check(case, facts, inputs)


def unavailable_share(facts: Facts, outage_hours: float) -> float:
    """Share of the year's requests that are turned away because the authorization server is down."""
    return min(outage_hours / HOURS_PER_YEAR, 1.0) * (1.0 - facts.served)


def _availability(case: Case, facts: Facts, inputs: Mapping[str, Input]) -> LimitOutcome:
    least = case.scenario.limits.availability or 0.0
    hours = inputs[OUTAGES].likely
    found = 1.0 - unavailable_share(facts, hours)
    why = (
        f"{facts.served:.1%} of the requests are served while the authorization server is down, {hours:g} hours a year"
    )
    return _outcome(facts, "availability", f"at least {least:.4%}", f"{found:.4%}", found >= least, why)


def _revocation_lag(case: Case, facts: Facts, inputs: Mapping[str, Input]) -> LimitOutcome:
    most = case.scenario.limits.revocation_lag_s or 0.0
    lag = promised(case.scenario)[facts.design].after_revocation_s
    why = f"by its settings a revoked token may be accepted for {told_seconds(lag)}"
    return _outcome(facts, "revocation_lag_s", f"at most {told_seconds(most)}", told_seconds(lag), lag <= most, why)


def _header(case: Case, facts: Facts, inputs: Mapping[str, Input]) -> LimitOutcome:
    most, found = case.scenario.limits.header_bytes or 0.0, facts.header_bytes
    allowed = f"at most {most:,g} B"
    if math.isnan(found):
        return LimitOutcome(facts.design, "header_bytes", allowed, "-", "undefined", "No header was seen.", None)
    why = f"the largest request header, token included, has {found:,.0f} B"
    return _outcome(facts, "header_bytes", allowed, f"{found:,.0f} B", found <= most, why)


def _opaque_to_clients(case: Case, facts: Facts, inputs: Mapping[str, Input]) -> LimitOutcome:
    allowed = "clients cannot read their token"
    if facts.structure is None:
        return _unknown(facts, "opaque_to_clients", allowed)
    kept = facts.structure.opaque_to_clients
    found = "they cannot" if kept else "they can"
    why = f"clients hold a token that they can{'not' if kept else ''} read"
    return _outcome(facts, "opaque_to_clients", allowed, found, kept, why)


def _no_as_dependency(case: Case, facts: Facts, inputs: Mapping[str, Input]) -> LimitOutcome:
    allowed = "no request waits for the authorization server"
    if facts.structure is None:
        return _unknown(facts, "no_as_dependency", allowed)
    if not facts.structure.asks_authorization_server:
        return _outcome(facts, "no_as_dependency", allowed, "none does", True, "only keys are fetched from it")
    return _outcome(facts, "no_as_dependency", allowed, "some may", False, "requests may wait for its answer")


def _unknown(facts: Facts, limit: str, allowed: str) -> LimitOutcome:
    return LimitOutcome(facts.design, limit, allowed, "-", "undefined", "The parts were not looked at.", None)


def _outcome(facts: Facts, limit: str, allowed: str, found: str, kept: bool, why: str) -> LimitOutcome:
    word: LimitWord = "met" if kept else "broken"
    return LimitOutcome(facts.design, limit, allowed, found, word, f"{why[0].upper()}{why[1:]}.")


CHECKS: Mapping[str, Check] = {
    "availability": _availability,
    "revocation_lag_s": _revocation_lag,
    "header_bytes": _header,
    "opaque_to_clients": _opaque_to_clients,
    "no_as_dependency": _no_as_dependency,
}
