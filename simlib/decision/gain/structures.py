"""What follows from the parts of a design without a simulation, or with one figure of it."""

from collections.abc import Mapping
from types import MappingProxyType

from simlib.decision.gain.outages import availability, served_in_outage
from simlib.decision.gain.probing import Probe
from simlib.decision.gain.values import Structure
from simlib.decision.judges import judges
from simlib.decision.promised import promised
from simlib.engine.parts import deployment_of, make_parts
from simlib.engine.sites import make_sites
from simlib.scenario.design import Design
from simlib.scenario.economics import Amount, Estimate
from simlib.scenario.scenario import Scenario
from simlib.scenario.variates import Variates
from simlib.strategies.around import AroundValidator

UNREADABLE = ("opaque", "encrypted")
"""Formats that say nothing to who holds them; a PASETO of the version used here is signed, not encrypted."""


def structures_of(
    scenario: Scenario, probes: Mapping[str, Probe], hit_ratios: Mapping[str, float]
) -> Mapping[str, Structure]:
    """Design -> structure; ``hit_ratios`` are measured, design -> share of requests that asked nobody."""
    return MappingProxyType(
        {name: _structure(scenario, name, probes[name], hit_ratios[name]) for name in scenario.designs}
    )


def expected_exposure_s(scenario: Scenario, design: Design) -> float:
    """Mean seconds for which a revoked token still works for somebody who goes on presenting it.

    Half of how long the strictest of its judges can go without noticing: the life of the token, the time for which an
    answer is kept, the interval at which a list is fetched; 0 where each request asks, or a removal is pushed. Source:
    the project's notes on complexity, "about half the lifetime, half the cache time". Tokens that are used now and
    then, and caches that have forgotten one, do better, so what is measured is less.
    """
    own = promised(scenario)[design.name]
    settings = [chosen.settings for chosen in (*(chosen for _, chosen in judges(design)), *design.wrappers)]
    intervals = [getattr(one, key) for one in settings for key in ("poll_s", "ttl_s") if hasattr(one, key)]
    always_asks = not intervals and own.after_revocation_s <= own.on_its_way_s
    if always_asks or _is_told(scenario, design):
        return 0.0
    return float(min(own.after_revocation_s, design.token_lifetime_s, *intervals)) / 2


def _structure(scenario: Scenario, name: str, probe: Probe, hit_ratio: float) -> Structure:
    design = scenario.design(name)
    served = served_in_outage(scenario, design, hit_ratio)
    hours = _likely(scenario.terms.outage_hours_per_year)
    return Structure(
        opaque_to_clients=_format(design) in UNREADABLE,
        asks_authorization_server=_asks(scenario, design),
        exposure_bound_s=promised(scenario)[name].after_revocation_s,
        expected_exposure_s=expected_exposure_s(scenario, design),
        served=served,
        availability=availability(hours, served),
        row_bytes=probe.row.size,
        row_life_s=probe.row.life_s,
    )


def _likely(amount: Amount) -> float:
    return amount.likely if isinstance(amount, Estimate) else amount


def _format(design: Design) -> str:
    """The format of what clients hold: that which the outermost judge takes."""
    return next((kind.token_format for kind, _ in judges(design) if kind.token_format is not None), "opaque")


def _asks(scenario: Scenario, design: Design) -> bool:
    """Whether a request may have to wait for a word of the authorization server; keys and lists are not meant."""
    world = scenario.world
    parts = make_parts(design, deployment_of(scenario, design, Variates(scenario.run.seed, 0), {}))
    sites = make_sites(parts, world, parts.deployment.regions[:1] or ("",))
    if any(site.validator is not None and site.validator.asks_authorization_server for site in sites):
        return True
    if parts.propagator is not None and parts.propagator.own_audiences and world.inner_services:
        return True
    return design.user_information != "token" and world.service.user_information_share > 0


def _is_told(scenario: Scenario, design: Design) -> bool:
    """Whether the authorization server pushes removals to who judges the client's token.

    Every wrapper has ``receive``, to pass on what is not its own; what counts is somebody who takes it.
    """
    parts = make_parts(design, deployment_of(scenario, design, Variates(scenario.run.seed, 0), {}))
    sites = make_sites(parts, scenario.world, parts.deployment.regions[:1] or ("",))
    return any(_takes_pushes(site.validator) for site in sites if site.edge)


def _takes_pushes(validator: object) -> bool:
    own = getattr(type(validator), "receive", None)
    if own is not None and own is not AroundValidator.receive:
        return True
    inner = getattr(validator, "inner", None)
    return inner is not None and _takes_pushes(inner)
