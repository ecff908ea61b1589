"""Limits: their outcomes for a design, and those that follow from its parts and settings without a simulation.

Comparisons and decisions judge by the same functions. A refusal names the settings behind it, and values that would do.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from simlib.analysis.metrics import METRICS
from simlib.decision.gain.outages import compute_availability, compute_share_served_in_outage
from simlib.decision.limit_conflicts import SettingLimits, describe_rated_remedy
from simlib.decision.limit_remedies import (
    find_availability_remedies,
    find_header_remedies,
    find_independence_remedies,
    find_opacity_remedies,
    find_outage_hours,
)
from simlib.decision.outage_tolerance import compute_outage_tolerance, describe_clients, find_stated_outage
from simlib.decision.promises import ValidityBounds, format_seconds, has_readable_tokens
from simlib.deployment.bounds import find_revocation_remedies
from simlib.scenario.design import Design
from simlib.scenario.economics import find_likely
from simlib.scenario.scenario import Scenario
from simlib.scenario.setting_changes import Remedy

LimitWord = Literal["met", "broken", "undecided", "unstable", "undefined"]
EXCLUDING: tuple[LimitWord, ...] = ("broken", "unstable")
OPEN: tuple[LimitWord, ...] = ("undecided", "undefined")
NOT_CHECKED = "Not checked: "
"""Beginning of the reason of a limit that was not checked; what would check it follows."""
LABELS = {
    "availability": "availability over a year",
    "revocation_lag_s": "a revoked token is accepted for",
    "header_bytes": "largest request header",
}
"""Numeric limits that are no metric of a comparison -> label; the other limits need none."""


@dataclass(frozen=True)
class LimitOutcome:
    """One limit and one design: the limit's key, the allowed and the observed value, and the reason as a sentence.

    "met": surely kept; "broken": surely not; "undecided": the interval holds the limit; "unstable": the design does not
    keep up, so there is no steady value; "undefined": it was not checked, and the reason says what would check it.
    ``more_replications`` is 0 unless the word is "undecided" or "undefined", and None when no affordable number helps.
    ``remedies``: other values of settings with which the limit would be kept; ``breaks``: remedy by remedy, the other
    limits of the file that it breaks by its settings. ``caveat``: a sentence on what the figure
    leaves out, where it is met and the figure beside it would not be; empty otherwise. ``enough``: of a measured limit
    that is broken, the least value of it that the design keeps, in the unit of the file.
    """

    design: str
    limit: str
    allowed: str
    found: str
    word: LimitWord
    reason: str
    more_replications: int | None = 0
    remedies: tuple[Remedy, ...] = ()
    breaks: tuple[tuple[str, ...], ...] = ()
    caveat: str = ""
    enough: float | None = None


def begin_sentence(text: str) -> str:
    """The text with a capital letter."""
    return f"{text[:1].upper()}{text[1:]}"


def find_limit_label(limit: str) -> str:
    """Label of a limit; empty where its allowed values are clear without one."""
    return LABELS[limit] if limit in LABELS else METRICS[limit].label if limit in METRICS else ""


class DesignProperties(NamedTuple):
    """Properties by which the limits on parts and settings are judged.

    ``hit_ratio``: share of the requests validated without introspection, measured; ``served``: share answered in an
    outage of the authorization server; ``outage_tolerance_s``: seconds of an outage for which tokens are surely
    validated; ``header_bytes``: the largest request header observed. NaN where unknown.
    """

    bounds: ValidityBounds
    opaque_to_clients: bool
    outage_tolerance_s: float
    hit_ratio: float
    served: float
    header_bytes: float


def read_properties(
    scenario: Scenario, design: Design, bounds: ValidityBounds, hit_ratio: float, header_bytes: float
) -> DesignProperties:
    """Properties of a design, with a measured hit ratio and header."""
    return DesignProperties(
        bounds,
        not has_readable_tokens(design),
        compute_outage_tolerance(scenario, design),
        hit_ratio,
        compute_share_served_in_outage(scenario, design, hit_ratio),
        header_bytes,
    )


FindRemedies = Callable[[SettingLimits], tuple[Remedy, ...]]


class Subject(NamedTuple):
    """The design that is judged, in its scenario."""

    scenario: Scenario
    design: Design
    properties: DesignProperties
    limits: SettingLimits

    def judge(
        self, limit: str, allowed: str, found: str, reason: str, is_met: bool, find: FindRemedies
    ) -> LimitOutcome:
        """Outcome of one limit; a refusal has remedies. ``reason``: without a full stop."""
        rated = () if is_met else self.limits.rate(find(self.limits), limit)
        if rated:
            cause = describe_rated_remedy(rated[0], EFFECTS[limit].format(found=found))
            reason = cause if limit in EXPLAINED_BY_SETTINGS else f"{begin_sentence(reason)}: {cause}"
        else:
            reason = begin_sentence(reason) + (
                "" if is_met else ": no other values of its settings were found that would do"
            )
        word: LimitWord = "met" if is_met else "broken"
        remedies, breaks = tuple(own.remedy for own in rated), tuple(own.breaks for own in rated)
        return LimitOutcome(self.design.name, limit, allowed, found, word, f"{reason}.", 0, remedies, breaks)

    def leave_unchecked(self, limit: str, allowed: str, needed: str) -> LimitOutcome:
        """Outcome of a limit that was not checked; ``needed``: what would check it, without a full stop."""
        return LimitOutcome(self.design.name, limit, allowed, "-", "undefined", f"{NOT_CHECKED}{needed}.", None)


EFFECTS = {
    "availability": "leave it below that",
    "revocation_lag_s": "let a revoked token work for {found}",
    "header_bytes": "make it that large",
    "opaque_to_clients": "let them read it",
    "no_as_dependency": "allow validation to end {found} into an outage",
}
"""Limit -> what the named settings do, an infinitive."""
EXPLAINED_BY_SETTINGS = ("revocation_lag_s",)
"""Limits whose reason is what the settings do."""


def check_structural_limits(scenario: Scenario, design: Design, properties: DesignProperties) -> Iterator[LimitOutcome]:
    """Outcomes of the structural limits that the scenario sets."""
    stated = scenario.limits.model_dump(exclude_none=True)
    subject = Subject(scenario, design, properties, SettingLimits(scenario, design, properties.hit_ratio))
    for limit, check in CHECKS.items():
        if stated.get(limit, False) is not False:
            yield check(subject)


def _check_availability(subject: Subject) -> LimitOutcome:
    scenario, properties = subject.scenario, subject.properties
    least, served = scenario.limits.availability or 0.0, properties.served
    hours, allowed = find_likely(scenario.terms.outage_hours_per_year), f"at least {least:.4%}"
    if math.isnan(served):
        return subject.leave_unchecked("availability", allowed, "the share served in an outage is unknown")
    observed = compute_availability(hours, served)
    reason = f"{served:.1%} of the requests are served while the authorization server is down, {hours:g} hours a year"
    if observed < least:
        reason += f" (as a fact of the world, {find_outage_hours(scenario, served):g} hours would keep the limit)"
    find = find_availability_remedies
    return subject.judge("availability", allowed, f"{observed:.4%}", reason, observed >= least, find)


def _check_revocation_lag(subject: Subject) -> LimitOutcome:
    most, lag = subject.scenario.limits.revocation_lag_s or 0.0, subject.properties.bounds.after_revocation_s
    allowed, reason = f"at most {format_seconds(most)}", "by its settings a revoked token may be accepted for "
    text = format_seconds(lag)

    def find(limits: SettingLimits) -> tuple[Remedy, ...]:
        return find_revocation_remedies(limits.scenario, limits.design, most)

    return subject.judge("revocation_lag_s", allowed, text, f"{reason}{text}", lag <= most, find)


def _check_header(subject: Subject) -> LimitOutcome:
    most, observed = subject.scenario.limits.header_bytes or 0.0, subject.properties.header_bytes
    allowed = f"at most {most:,g} B"
    if math.isnan(observed):
        return subject.leave_unchecked("header_bytes", allowed, "no header was observed; a run with requests shows it")
    reason = f"the largest request header, token included, has {observed:,.0f} B"
    return subject.judge("header_bytes", allowed, f"{observed:,.0f} B", reason, observed <= most, find_header_remedies)


def _check_opaque_to_clients(subject: Subject) -> LimitOutcome:
    is_opaque, limit, allowed = (
        subject.properties.opaque_to_clients,
        "opaque_to_clients",
        "clients cannot read their token",
    )
    found, reason = ("they cannot", "cannot") if is_opaque else ("they can", "can")
    reason = f"clients hold a token that they {reason} read"
    return subject.judge(limit, allowed, found, reason, is_opaque, find_opacity_remedies)


def _check_no_as_dependency(subject: Subject) -> LimitOutcome:
    scenario, design, properties, _ = subject
    outage, tolerance_s, limit = find_stated_outage(scenario), properties.outage_tolerance_s, "no_as_dependency"
    allowed = f"tokens are validated through an outage of the authorization server of {outage}"
    if math.isnan(tolerance_s):
        needed = "a part does not declare what it needs of the authorization server (list_server_dependencies)"
        return subject.leave_unchecked(limit, allowed, needed)
    if math.isinf(tolerance_s):
        found, reason = "without end", "validation needs nothing of the authorization server that could end"
    else:
        found = format_seconds(tolerance_s)
        reason = f"by its settings validation is sure to last {found} into an outage"
    is_met = tolerance_s >= outage.length_s
    outcome = subject.judge(limit, allowed, found, reason, is_met, find_independence_remedies)
    return replace(outcome, caveat=describe_clients(scenario, design)) if is_met else outcome


CHECKS: Mapping[str, Callable[[Subject], LimitOutcome]] = {
    "availability": _check_availability,
    "revocation_lag_s": _check_revocation_lag,
    "header_bytes": _check_header,
    "opaque_to_clients": _check_opaque_to_clients,
    "no_as_dependency": _check_no_as_dependency,
}
