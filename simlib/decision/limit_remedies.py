"""Remedies for limits on availability, readable tokens, waiting, headers and utilisation: values of settings that would
do, found by closed forms, or by a short simulation where a header has to be seen."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import chain, islice
from types import MappingProxyType

from simlib.analysis.gain_figures import find_largest_header
from simlib.decision.economics.formulas import HOURS_PER_YEAR
from simlib.decision.gain.loads import compute_load, remove_faults
from simlib.decision.gain.outages import compute_availability, compute_share_served_in_outage
from simlib.decision.promises import has_readable_tokens, has_self_contained_tokens, may_need_authorization_server
from simlib.deployment.bounds import compute_design_bound
from simlib.deployment.part_remedies import find_part_remedies
from simlib.deployment.parts import DOWNSTREAM, INNER_SERVICE, PARTS
from simlib.deployment.remedies import RemedySearch
from simlib.deployment.simulate import simulate
from simlib.scenario.compatibility import check_compatibility
from simlib.scenario.design import ChosenPart, Design
from simlib.scenario.economics import find_likely
from simlib.scenario.hosts import AUTHORIZATION_SERVER, GATEWAY, SERVICE, SHARED_STORE, STORE, find_host_kind
from simlib.scenario.scenario import Scenario
from simlib.scenario.setting_changes import Remedy, SettingChange

PROBED_REQUESTS, MOST_PROBES = 100, 20
HEADER_RESERVE = 1.02
"""Share by which headers of a long run may exceed those of a short one: users' names differ in length."""
SHORT_SIGNATURES = ("ES256", "EdDSA")


def find_availability_remedies(
    scenario: Scenario, design: Design, hit_ratio: float, least: float
) -> tuple[Remedy, ...]:
    """Longer durations of parts with which enough is served in an outage, then fewer hours of outages.

    The hit ratio is taken as measured, and longer durations only raise it. The limit on the revocation lag is kept.
    """
    most_lag, hours = scenario.limits.revocation_lag_s, find_likely(scenario.terms.outage_hours_per_year)

    def compute_unavailability(changed: Design) -> float:
        check_compatibility(changed, scenario.world, PARTS, design.name)
        if most_lag is not None and compute_design_bound(scenario, changed).after_revocation_s > most_lag:
            return 1.0
        return 1.0 - compute_availability(hours, compute_share_served_in_outage(scenario, changed, hit_ratio))

    served = compute_share_served_in_outage(scenario, design, hit_ratio)
    raised = RemedySearch(design, compute_unavailability, 1.0 - least).find_raised()
    return (*raised, *_reduce_outages(hours, served, least))


def _reduce_outages(hours: float, served: float, least: float) -> Iterator[Remedy]:
    if served < 1.0:
        most = (1.0 - least) / (1.0 - served) * HOURS_PER_YEAR
        value = float(f"{most:.3g}")
        if compute_availability(value, served) < least:
            value = float(f"{most * 0.995:.3g}")
        key = "decision.outage_hours_per_year"
        yield (SettingChange(key, key, hours, value),)


def find_opacity_remedies(scenario: Scenario, design: Design) -> tuple[Remedy, ...]:
    """Other parts whose tokens clients cannot read."""
    return find_part_remedies(scenario, design, lambda changed: not has_readable_tokens(changed))


def find_independence_remedies(scenario: Scenario, design: Design) -> tuple[Remedy, ...]:
    """Other parts with which no request waits for the authorization server."""
    return find_part_remedies(scenario, design, lambda changed: not may_need_authorization_server(scenario, changed))


def find_header_remedies(scenario: Scenario, design: Design, most: float) -> tuple[Remedy, ...]:
    """A shorter signature, or other parts, with which the headers of a short run are small enough."""
    measured: dict[tuple[str, ...], float] = {}

    def is_kept(changed: Design) -> bool:
        if has_self_contained_tokens(changed) and changed.parts[SERVICE].part != design.parts[SERVICE].part:
            return False  # another format that carries its claims is no smaller
        key = _identify_tokens(changed)
        if key not in measured:
            if len(measured) >= MOST_PROBES:
                raise ValueError("enough was tried")
            measured[key] = _measure_header(scenario, changed)
        return measured[key] * HEADER_RESERVE <= most

    signatures = islice((remedy for remedy in _list_signatures(scenario, design, is_kept)), 1)
    return tuple(chain(signatures, find_part_remedies(scenario, design, is_kept)))


def _identify_tokens(design: Design) -> tuple[str, ...]:
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


def _measure_header(scenario: Scenario, design: Design) -> float:
    """Largest header of a short run of a design; raises InputError for one that cannot be run."""
    length_s = min(scenario.horizon_s, PROBED_REQUESTS / compute_load(scenario))
    run = scenario.run.model_copy(update={"length_s": length_s, "warm_up_s": 0.0, "timing": "profile"})
    alone = replace(remove_faults(scenario), designs=MappingProxyType({design.name: design}), run=run)
    header = find_largest_header(simulate(alone, design.name))
    return math.inf if math.isnan(header) else header


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
