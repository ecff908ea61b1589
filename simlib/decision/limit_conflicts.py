"""Limit conflicts: limits of a file that a changed design would break by its settings.

So a remedy for one limit is named with the others that it breaks.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import NamedTuple

from simlib.analysis.gain_figures import find_largest_header
from simlib.decision.gain.loads import compute_load, remove_faults
from simlib.decision.gain.outages import compute_availability, compute_share_served_in_outage
from simlib.decision.outage_tolerance import compute_outage_tolerance, compute_shortfall, find_stated_outage
from simlib.decision.promises import has_readable_tokens
from simlib.deployment.bounds import compute_design_bound
from simlib.deployment.design_settings import change_settings
from simlib.deployment.parts import DOWNSTREAM, PARTS
from simlib.deployment.remedies import RemedySearch
from simlib.deployment.simulate import simulate
from simlib.experiment.sweep import change_scenario
from simlib.scenario.compatibility import check_compatibility
from simlib.scenario.design import Design
from simlib.scenario.economics import find_likely
from simlib.scenario.hosts import AUTHORIZATION_SERVER, GATEWAY
from simlib.scenario.scenario import Scenario
from simlib.scenario.setting_changes import Remedy, describe_remedy, join_words

PROBED_REQUESTS, MOST_PROBES = 40, 20
HEADER_RESERVE = 1.02
"""Share by which headers of a long run may exceed those of a short one: users' names differ in length."""
LASTING = ("opaque_to_clients", "revocation_lag_s")
"""Limits, the first of all, that no longer duration makes a design keep."""
Predicate = Callable[[Design], bool]


class RatedRemedy(NamedTuple):
    """A remedy, and the other limits of the file that the design would break with it; ``anew``: those it keeps now."""

    remedy: Remedy
    breaks: tuple[str, ...]
    anew: tuple[str, ...] = ()


def describe_rated_remedy(rated: RatedRemedy, effect: str) -> str:
    """Sentence without full stop about a remedy, with the limits of the file that it breaks."""
    text, staying = describe_remedy(rated.remedy, effect), [limit for limit in rated.breaks if limit not in rated.anew]
    if rated.anew:
        text += f", but break{'' if len(rated.remedy) > 1 else 's'} {join_words(rated.anew)}"
    return f"{text}; {join_words(staying)} stay{'' if len(staying) > 1 else 's'} broken" if staying else text


@dataclass
class SettingLimits:
    """Limits of a scenario that follow from settings, for designs that differ from one of its designs.

    ``hit_ratio`` was measured for that design, and holds for others with the same parts; else it counts as 0.
    """

    scenario: Scenario
    design: Design
    hit_ratio: float = math.nan
    headers: dict[tuple[str, ...], float] = field(default_factory=dict)

    def list_broken(self, changed: Design, but: str) -> tuple[str, ...]:
        """List the limits, ``but`` one, that a changed design breaks; raises ValueError for one that no file may have.

        Those that need a short run come last, and only where a file sets them.
        """
        return tuple(self._iterate_broken(changed, but))

    def _iterate_broken(self, changed: Design, but: str) -> Iterator[str]:
        stated = self.scenario.limits.model_dump(exclude_none=True)
        for limit, is_kept in self._list_checks().items():
            if limit != but and stated.get(limit, False) is not False and not is_kept(changed):
                yield limit

    def keeps(self, changed: Design, limit: str) -> bool:
        """Whether a changed design keeps one limit."""
        return self._list_checks()[limit](changed)

    def _list_checks(self) -> Mapping[str, Predicate]:
        return {
            "opaque_to_clients": lambda changed: not has_readable_tokens(changed),
            "revocation_lag_s": self._keeps_revocation_lag,
            "no_as_dependency": self._keeps_independence,
            "availability": self._keeps_availability,
            "header_bytes": self._keeps_header,  # the last one: it takes a run
        }

    def _keeps_revocation_lag(self, changed: Design) -> bool:
        most = self.scenario.limits.revocation_lag_s
        return most is None or compute_design_bound(self.scenario, changed).after_revocation_s <= most

    def _keeps_independence(self, changed: Design) -> bool:
        return compute_outage_tolerance(self.scenario, changed) >= find_stated_outage(self.scenario).length_s

    def _keeps_availability(self, changed: Design) -> bool:
        hours = find_likely(self.scenario.terms.outage_hours_per_year)
        served = compute_share_served_in_outage(self.scenario, changed, self.find_hit_ratio(changed))
        return compute_availability(hours, served) >= (self.scenario.limits.availability or 0.0)

    def find_hit_ratio(self, changed: Design) -> float:
        """The measured hit ratio, for a design with the same parts; NaN for another."""
        now, other = ([(place, chosen.part) for place, chosen in each.parts.items()] for each in (self.design, changed))
        return self.hit_ratio if now == other else math.nan

    def _keeps_header(self, changed: Design) -> bool:
        key = identify_tokens(changed)
        if key not in self.headers:
            self.headers[key] = measure_header(self.scenario, changed)
        return self.headers[key] * HEADER_RESERVE <= (self.scenario.limits.header_bytes or math.inf)

    def adapt(self, limit: str, changed: Design, is_strict: bool) -> Design | None:
        """The changed design, or with longer durations for an outage, if it keeps the limit; strictly, all limits."""
        check_own_lag(self.scenario, changed)
        if len(self.headers) > MOST_PROBES:
            return None
        if is_strict and next(self._iterate_broken(changed, limit), "") in LASTING:
            return None
        for adapted in self._list_adapted(changed):
            if self.keeps(adapted, limit) and not (is_strict and any(self._iterate_broken(adapted, limit))):
                return adapted
        return None

    def _list_adapted(self, changed: Design) -> Iterator[Design]:
        yield changed
        limits = self.scenario.limits
        if limits.no_as_dependency or limits.availability:
            values = search_outage_settings(self.scenario, changed).find_raised_together(has_switches=False)
            if values:
                yield change_settings(changed, values)

    def rate(self, remedies: Sequence[Remedy], limit: str) -> tuple[RatedRemedy, ...]:
        """Remedies with the limits that they break, those that break fewest first."""
        rated, now = [], self.list_broken(self.design, limit) if remedies else ()
        for remedy in remedies:
            try:
                breaks = self.list_broken(self._apply(remedy), limit)
                rated.append(RatedRemedy(remedy, breaks, tuple(own for own in breaks if own not in now)))
            except ValueError:  # no file may say so
                continue
        return tuple(sorted(rated, key=lambda own: len(own.breaks)))

    def _apply(self, remedy: Remedy) -> Design:
        changes = {change.key: change.value for change in remedy}
        return change_scenario(self.scenario, changes).design(self.design.name)


def search_outage_settings(scenario: Scenario, design: Design) -> RemedySearch:
    """Search for settings of a design with which all of its parts last through the outage that its scenario states."""
    length_s = find_stated_outage(scenario).length_s

    def measure(changed: Design) -> float:
        check_compatibility(changed, scenario.world, PARTS, design.name)
        return compute_shortfall(scenario, changed, length_s)

    return RemedySearch(design, measure, 0.0)


def check_own_lag(scenario: Scenario, design: Design) -> None:
    """Refuse a design that breaks its own ``max_revocation_lag_s``, as a file with it would be; raises ValueError."""
    most = design.max_revocation_lag_s
    if most is not None and compute_design_bound(scenario, design).after_revocation_s > most:
        raise ValueError(f"{design.name}.max_revocation_lag_s must be at most {most:g} s")


def identify_tokens(design: Design) -> tuple[str, ...]:
    """Token formats on which the headers of a design depend: its tokens, and those that its gateway passes on."""
    issuer = design.parts[AUTHORIZATION_SERVER]
    passing = [
        design.parts[place].part
        for place in (GATEWAY, DOWNSTREAM)
        if place in design.parts and _passes_other_tokens(place, design.parts[place].part)
    ]
    wrappers = (chosen.part for chosen in design.wrappers)
    return (str(issuer), design.user_information, *passing, *wrappers)


def _passes_other_tokens(place: str, part: str) -> bool:
    kind = PARTS[place][part]
    return getattr(kind, "forwards", None) is not None or bool(getattr(kind, "own_audiences", False))


def measure_header(scenario: Scenario, design: Design) -> float:
    """Largest header of a short run of a design; raises InputError for one that cannot be run."""
    length_s = min(scenario.horizon_s, PROBED_REQUESTS / compute_load(scenario))
    run = scenario.run.model_copy(
        update={"length_s": length_s, "warm_up_s": 0.0, "timing": "profile", "caches": "empty"}
    )
    alone = replace(remove_faults(scenario), designs=MappingProxyType({design.name: design}), run=run)
    header = find_largest_header(simulate(alone, design.name))
    return math.inf if math.isnan(header) else header
