"""The share of requests that is still served while the authorization server is down, by closed forms.

A thing that is fetched when it is needed and kept for T seconds (an introspection answer, a key set, a client's token)
is renewed at the first need after its end. Seen by a request in the steady state it is there with probability h, the
hit ratio, and what is left of its T is then even between 0 and T. While nothing can be renewed, at t seconds into the
outage it is there with probability h (1 - t / T): over an outage of L seconds h m (1 - m / 2T) / L with m = min(L, T).
For Poisson requests at rate r per kept thing h = r T / (1 + r T) (Jung, Berger, Balakrishnan, Modeling TTL-based
Internet caches, INFOCOM 2003); here h is what was measured. Things that end independently multiply.

What follows from the parts of a design without a simulation, or with one figure of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simlib.analysis.cache_theory import ttl_hit_ratio, zipf_ttl_hit_ratio
from simlib.decision.gain.loads import compute_load
from simlib.decision.gain.pilot_runs import PilotRun
from simlib.decision.gain.values import Structure
from simlib.decision.promises import compute_bounds, list_checking_parts
from simlib.deployment.enforcement_points import EnforcementPoint, build_enforcement_points
from simlib.deployment.parts import DOWNSTREAM, INNER_SERVICE, Parts, build_deployment_config, build_parts
from simlib.scenario.design import Design
from simlib.scenario.economics import Amount, Estimate
from simlib.scenario.hosts import SERVICE
from simlib.scenario.scenario import Scenario
from simlib.scenario.variates import Variates
from simlib.strategies import CATALOGUE
from simlib.strategies.wrappers import ValidatorWrapper
from simlib.tokens import OPAQUE, TokenFormat

HOURS_PER_YEAR = 8760.0


@dataclass(frozen=True)
class CachedItem:
    """Something that is renewed when it is needed: ``life_s`` after its renewal it ends, ``grace_s`` later when it
    cannot be renewed. ``share``: of the requests that find it when all is well.
    """

    life_s: float
    share: float = 1.0
    grace_s: float = 0.0

    def compute_available_share(self, instants: NDArray[np.float64]) -> NDArray[np.float64]:
        """The share of requests that find it, so many seconds after the last renewal of anything."""
        left = (self.life_s + self.grace_s - instants) / self.life_s
        return np.asarray(self.share * np.clip(left, 0.0, 1.0))


def compute_share_served(kept: tuple[CachedItem, ...], length_s: float, served: float = 1.0) -> float:
    """The mean over an outage of the share of requests that find all that they need; ``served``: all else allowing.

    Raises ValueError for an outage that does not last.
    """
    if not length_s > 0:
        raise ValueError(f"an outage must last more than 0 s, not {length_s:g}")
    # Between two ends of lives it is a product of straight lines, which Gauss and Legendre integrate exactly.
    ends = [end for own in kept for end in (own.grace_s, own.life_s + own.grace_s) if 0 < end < length_s]
    knots = np.unique([0.0, *ends, length_s])
    nodes, weights = np.polynomial.legendre.leggauss(len(kept) // 2 + 1)
    half = np.diff(knots)[:, None] / 2
    instants = knots[:-1, None] + half * (1 + nodes)
    shares = np.full(instants.shape, served)
    for own in kept:
        shares = shares * own.compute_available_share(instants)
    return float((shares * weights * half).sum()) / length_s


def compute_availability(outage_hours: float, served: float) -> float:
    """A_AS + (1 - A_AS) x share served; the resource servers themselves are taken as always up."""
    down = min(outage_hours / HOURS_PER_YEAR, 1.0)
    return 1.0 - down * (1.0 - served)


def compute_share_served_in_outage(scenario: Scenario, design: Design, hit_ratio: float) -> float:
    """By the parts of a design and their settings, with a measured hit ratio (NaN counts as 0).

    Left out: sign-ins, which fail, requests that wait out a short outage, and what lets in without knowing.
    """
    parts = build_parts(design, build_deployment_config(scenario, design, Variates(scenario.run.seed, 0), {}))
    sites = build_enforcement_points(parts, scenario.world, parts.config.regions[:1] or ("",))
    hits = 0.0 if np.isnan(hit_ratio) else hit_ratio
    asked = [_kept_at(site, scenario, parts) for site in sites if site.validator is not None]
    found = [kept for kept in asked if kept is not None]
    token = _token(scenario, parts)
    if any(_part_asks(site, design) for site in sites):
        # The measured ratio is of the whole request, so it counts once; a token that was renewed is none of its hits.
        hits = 0.0 if np.isnan(hit_ratio) else hit_ratio
        token = CachedItem(token.life_s, hits * (token.share > 0))
    kept = (token, *found, *_exchanged(scenario, parts, sites), *_lists(design))
    return compute_share_served(kept, scenario.terms.outage_length_s, _without_questions(scenario, parts, sites))


def _kept_at(site: EnforcementPoint, scenario: Scenario, parts: Parts) -> CachedItem | None:
    """What a validator lives on: answers about tokens, or keys; None when it needs neither.

    How many requests find an answer is measured for all sites together, so that share is left at 1 here.
    """
    settings, validator = _settings(site, parts.design), site.validator
    assert validator is not None
    if _part_asks(site, parts.design):
        life = float(getattr(settings, "ttl_s", parts.design.token_lifetime_s))
        return (
            CachedItem(life, 1.0, float(getattr(settings, "stale_if_error_s", 0.0)))
            if validator.caches_answers
            else None
        )
    keys = getattr(settings, "jwks_lifetime_s", None)
    secret = getattr(settings, "algorithms", ()) == ("HS256",)
    if keys is None or secret:
        return None
    # Fetched ahead of its end, a set is never older than that when an outage begins, and is used to its end.
    ahead = float(getattr(settings, "jwks_refresh_ahead_s", 0.0))
    share = ttl_hit_ratio(_rate(scenario, site), keys) if ahead == 0 else 1.0
    return CachedItem(keys - ahead, share, ahead + float(getattr(settings, "jwks_stale_if_error_s", 0.0)))


def _token(scenario: Scenario, parts: Parts) -> CachedItem:
    """The access token in the client's hands; a client that renews for every request has none."""
    life, people = parts.presenter.useful_life_s, scenario.world.population
    if not life > 0:
        return CachedItem(1.0, 0.0)
    return CachedItem(life, zipf_ttl_hit_ratio(compute_load(scenario), life, people.users, people.zipf_exponent))


def _exchanged(scenario: Scenario, parts: Parts, sites: tuple[EnforcementPoint, ...]) -> tuple[CachedItem, ...]:
    """Tokens for inner services, which each calling service keeps for a while; all of one service end together."""
    if parts.propagator is None or not parts.propagator.own_audiences:
        return ()
    life = float(getattr(parts.design.get_settings(DOWNSTREAM), "ttl_s", 0.0))
    people, found = scenario.world.population, []
    for site in (site for site in sites if site.calls):
        share = zipf_ttl_hit_ratio(_rate(scenario, site), life, people.users, people.zipf_exponent) if life > 0 else 0.0
        found.append(CachedItem(life or 1.0, share))
    return tuple(found)


def _lists(design: Design) -> tuple[CachedItem, ...]:
    """Lists of revoked tokens that are fetched at intervals; those that are believed when old never end."""
    found = []
    for settings in (chosen.settings for chosen in design.wrappers):
        if hasattr(settings, "poll_s") and getattr(settings, "when_old", "refuse") == "refuse":
            found.append(CachedItem(settings.poll_s, 1.0, settings.useful_s - settings.poll_s))
        elif hasattr(settings, "ttl_s") and hasattr(settings, "lifetime_s"):
            found.append(CachedItem(settings.ttl_s, 1.0, settings.lifetime_s - settings.ttl_s))
    return tuple(found)


def _without_questions(scenario: Scenario, parts: Parts, sites: tuple[EnforcementPoint, ...]) -> float:
    """The share of requests that need no word of the server beyond tokens, keys and lists."""
    world, design, share = scenario.world, parts.design, 1.0
    if any(_part_asks(site, design) and not _caches(site) for site in sites):
        return 0.0
    if any(_asks_sometimes(site, design) for site in sites):
        share *= 1.0 - world.service.sensitive_share
    if design.user_information == "userinfo":
        share *= 1.0 - world.service.user_information_share
    return share


def _rate(scenario: Scenario, site: EnforcementPoint) -> float:
    """Requests per second at one replica, when they are spread evenly over regions and replicas."""
    regions = scenario.world.regions
    return compute_load(scenario) / site.replicas / (1 if regions is None else len(regions.names))


def _settings(site: EnforcementPoint, design: Design) -> Any:
    place = site.place if site.place in design.parts else SERVICE
    return design.get_settings(place)


def _kind(site: EnforcementPoint, design: Design) -> Any:
    place = site.place if site.place in design.parts else INNER_SERVICE
    return CATALOGUE[place][design.parts[place].part]


def _part_asks(site: EnforcementPoint, design: Design) -> bool:
    """Whether the part itself, without what is around it, asks about tokens that are new to it."""
    return bool(site.validator and site.validator.asks_authorization_server) and not _asks_sometimes(site, design)


def _asks_sometimes(site: EnforcementPoint, design: Design) -> bool:
    """Whether only a wrapper asks, which it does on sensitive routes."""
    own = getattr(_kind(site, design), "asks_authorization_server", False)
    return bool(site.validator and site.validator.asks_authorization_server) and own is False


def _caches(site: EnforcementPoint) -> bool:
    return bool(site.validator and site.validator.caches_answers)


def compute_structures(
    scenario: Scenario, probes: Mapping[str, PilotRun], hit_ratios: Mapping[str, float]
) -> Mapping[str, Structure]:
    """Design -> structure; ``hit_ratios`` are measured, design -> share of requests that asked nobody."""
    return MappingProxyType(
        {name: _structure(scenario, name, probes[name], hit_ratios[name]) for name in scenario.designs}
    )


def compute_expected_exposure_s(scenario: Scenario, design: Design) -> float:
    """Mean seconds for which a revoked token still works for somebody who goes on presenting it.

    Half of how long the strictest of its judges can go without noticing: the life of the token, the time for which an
    answer is kept, the interval at which a list is fetched; 0 where each request asks, or a removal is pushed. Source:
    the project's notes on complexity, "about half the lifetime, half the cache time". Tokens that are used now and
    then, and caches that have forgotten one, do better, so what is measured is less.
    """
    own = compute_bounds(scenario, design)
    settings = [
        chosen.settings for chosen in (*(chosen for _, chosen in list_checking_parts(design)), *design.wrappers)
    ]
    intervals = [getattr(one, key) for one in settings for key in ("poll_s", "ttl_s") if hasattr(one, key)]
    always_asks = not intervals and own.after_revocation_s <= own.call_timeout_s
    if always_asks or _is_told(scenario, design):
        return 0.0
    return float(min(own.after_revocation_s, design.token_lifetime_s, *intervals)) / 2


def _structure(scenario: Scenario, name: str, probe: PilotRun, hit_ratio: float) -> Structure:
    design = scenario.design(name)
    served = compute_share_served_in_outage(scenario, design, hit_ratio)
    hours = _likely(scenario.terms.outage_hours_per_year)
    return Structure(
        opaque_to_clients=not _format(design).is_readable,
        asks_authorization_server=_may_ask(scenario, design),
        exposure_bound_s=compute_bounds(scenario, design).after_revocation_s,
        expected_exposure_s=compute_expected_exposure_s(scenario, design),
        served=served,
        availability=compute_availability(hours, served),
        row_bytes=probe.row.size,
        row_life_s=probe.row.life_s,
    )


def _likely(amount: Amount) -> float:
    return amount.likely if isinstance(amount, Estimate) else amount


def _format(design: Design) -> TokenFormat:
    """The format of what clients hold: that which the outermost judge takes."""
    return next((kind.token_format for kind, _ in list_checking_parts(design) if kind.token_format is not None), OPAQUE)


def _may_ask(scenario: Scenario, design: Design) -> bool:
    """Whether a request may have to wait for a word of the authorization server; keys and lists are not meant."""
    world = scenario.world
    parts = build_parts(design, build_deployment_config(scenario, design, Variates(scenario.run.seed, 0), {}))
    sites = build_enforcement_points(parts, world, parts.config.regions[:1] or ("",))
    if any(site.validator is not None and site.validator.asks_authorization_server for site in sites):
        return True
    if parts.propagator is not None and parts.propagator.own_audiences and world.inner_services:
        return True
    return design.user_information != "token" and world.service.user_information_share > 0


def _is_told(scenario: Scenario, design: Design) -> bool:
    """Whether the authorization server pushes removals to who judges the client's token.

    Every wrapper has ``receive``, to pass on what is not its own; what counts is somebody who takes it.
    """
    parts = build_parts(design, build_deployment_config(scenario, design, Variates(scenario.run.seed, 0), {}))
    sites = build_enforcement_points(parts, scenario.world, parts.config.regions[:1] or ("",))
    return any(_takes_pushes(site.validator) for site in sites if site.edge)


def _takes_pushes(validator: object) -> bool:
    own = getattr(type(validator), "receive", None)
    if own is not None and own is not ValidatorWrapper.receive:
        return True
    inner = getattr(validator, "inner", None)
    return inner is not None and _takes_pushes(inner)
