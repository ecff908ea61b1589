"""Remedies for limits on availability, readable tokens, outages, headers and utilisation: values of settings that would
do, found by closed forms, or by a short simulation where a header has to be seen.

Remedies that keep the other limits of the file come first; parts are exchanged for others that keep all, if there are.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from itertools import chain, islice
from types import MappingProxyType

from simlib.decision.economics.formulas import HOURS_PER_YEAR
from simlib.decision.gain.outages import compute_availability, compute_share_served_in_outage
from simlib.decision.limit_conflicts import SettingLimits, search_outage_settings
from simlib.decision.promises import has_self_contained_tokens
from simlib.deployment.design_settings import change_settings
from simlib.deployment.part_remedies import find_part_remedies
from simlib.deployment.parts import INNER_SERVICE, PARTS
from simlib.deployment.remedies import RemedySearch, describe_changes
from simlib.scenario.compatibility import check_compatibility
from simlib.scenario.design import ChosenPart, Design
from simlib.scenario.economics import find_likely
from simlib.scenario.hosts import AUTHORIZATION_SERVER, SERVICE, SHARED_STORE, STORE, find_host_kind
from simlib.scenario.scenario import Scenario
from simlib.scenario.setting_changes import Remedy, SettingChange

SHORT_SIGNATURES = ("ES256", "EdDSA")


def find_availability_remedies(limits: SettingLimits) -> tuple[Remedy, ...]:
    """Longer durations of parts with which enough is served in an outage, else other parts.

    The hit ratio is taken as measured, and longer durations only raise it.
    """
    scenario, design = limits.scenario, limits.design
    least, hours = scenario.limits.availability or 0.0, find_likely(scenario.terms.outage_hours_per_year)

    def compute_unavailability(changed: Design) -> float:
        check_compatibility(changed, scenario.world, PARTS, design.name)
        return 1.0 - compute_availability(hours, compute_share_served_in_outage(scenario, changed, limits.hit_ratio))

    raised = tuple(RemedySearch(design, compute_unavailability, 1.0 - least).find_raised())
    return _add_parts(limits, "availability", (*raised, *_find_outage_settings(limits, "availability")))


def find_outage_hours(scenario: Scenario, served: float) -> float:
    """Hours of outages a year with which a share served keeps the limit on availability, rounded down."""
    least = scenario.limits.availability or 0.0
    most = (1.0 - least) / (1.0 - served) * HOURS_PER_YEAR if served < 1.0 else HOURS_PER_YEAR
    value = float(f"{most:.3g}")
    return value if compute_availability(value, served) >= least else float(f"{most * 0.995:.3g}")


def find_opacity_remedies(limits: SettingLimits) -> tuple[Remedy, ...]:
    """Other parts whose tokens clients cannot read."""
    return _add_parts(limits, "opaque_to_clients", ())


def find_independence_remedies(limits: SettingLimits) -> tuple[Remedy, ...]:
    """Longer durations with which all parts last through the stated outage, and other parts."""
    return _add_parts(limits, "no_as_dependency", _find_outage_settings(limits, "no_as_dependency"))


def _find_outage_settings(limits: SettingLimits, limit: str) -> tuple[Remedy, ...]:
    values = search_outage_settings(limits.scenario, limits.design).find_raised_together()
    changed = None if not values else change_settings(limits.design, values)
    return (describe_changes(limits.design, values),) if values and changed and limits.keeps(changed, limit) else ()


def _add_parts(limits: SettingLimits, limit: str, remedies: tuple[Remedy, ...]) -> tuple[Remedy, ...]:
    """The remedies by settings, and by other parts unless one of these keeps all limits of the file."""
    if any(not rated.breaks for rated in limits.rate(remedies, limit)):
        return remedies
    for is_strict in (True, False) if not remedies else (True,):
        adapt = partial(limits.adapt, limit, is_strict=is_strict)
        parts = find_part_remedies(limits.scenario, limits.design, adapt)
        if parts:
            return (*remedies, *parts)
    return remedies


def find_header_remedies(limits: SettingLimits) -> tuple[Remedy, ...]:
    """A shorter signature, or other parts, with which the headers of a short run are small enough."""
    scenario, design, limit = limits.scenario, limits.design, "header_bytes"

    def adapt(changed: Design, is_strict: bool) -> Design | None:
        if has_self_contained_tokens(changed) and changed.parts[SERVICE].part != design.parts[SERVICE].part:
            return None  # another format that carries its claims is no smaller
        return limits.adapt(limit, changed, is_strict)

    signatures = islice(_list_signatures(scenario, design, partial(limits.keeps, limit=limit)), 1)
    for is_strict in (True, False):
        parts = find_part_remedies(scenario, design, partial(adapt, is_strict=is_strict))
        if parts:
            return tuple(chain(signatures, parts))
    return tuple(signatures)


def _list_signatures(scenario: Scenario, design: Design, is_kept: Callable[[Design], bool]) -> Iterator[Remedy]:
    chosen = design.parts[AUTHORIZATION_SERVER]
    now = getattr(chosen.settings, "algorithm", None)
    for algorithm in SHORT_SIGNATURES if now is not None else ():
        issuer = ChosenPart(chosen.part, replace(chosen.settings, algorithm=algorithm))
        changed = replace(design, parts=MappingProxyType({**design.parts, AUTHORIZATION_SERVER: issuer}))
        try:
            check_compatibility(changed, scenario.world, PARTS, design.name)
            if algorithm != now and is_kept(changed):
                label = f"{AUTHORIZATION_SERVER}.algorithm"
                yield (SettingChange(f"designs.{design.name}.{label}", label, now, algorithm),)
        except (ValueError, ImportError):
            continue


def find_server_remedies(
    scenario: Scenario, design: Design, utilisations: Mapping[str, float], most: float
) -> tuple[Remedy, ...]:
    """More servers for each host that is busier than ``most``, by the utilisation law: the same work on more of them.

    ``utilisations``: host, as records name it, or kind of host -> its utilisation.
    """
    needed: dict[str, SettingChange] = {}
    for host, utilisation in utilisations.items():
        if utilisation > most > 0:
            key, label, now = find_servers(scenario, design, host)
            value = math.ceil(now * utilisation / most)
            if key not in needed or value > needed[key].value:
                needed[key] = SettingChange(key, label, now, value)
    return (tuple(needed.values()),) if needed else ()


def find_servers(scenario: Scenario, design: Design, host: str) -> tuple[str, str, int]:
    """Key, label and value of the number of servers of a host: replicas, or the workers of a database."""
    kind, world = find_host_kind(host), scenario.world
    databases = {STORE: ("store.database", world.store.database), SHARED_STORE: ("shared_store", world.shared_store)}
    if kind in databases:
        table, database = databases[kind]
        return f"world.{table}.workers", f"{table}.workers", 1 if database is None else database.workers
    place = INNER_SERVICE if host.partition("@")[0].startswith(f"{SERVICE}/") else kind
    label = f"replicas.{place}"
    return f"designs.{design.name}.{label}", label, design.replicas.get(place, 1)
