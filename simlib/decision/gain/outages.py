"""Outage of the authorization server: the share of requests that a design still serves, by closed forms.

An item that is fetched on demand and kept for T seconds (an introspection answer, a key set, a client's token) is
renewed at the first demand after its end. A request in the steady state finds it with probability h, the hit ratio, and
its remaining life is then uniform between 0 and T. While nothing can be renewed, at t seconds into the outage it is
found with probability h (1 - t / T): over an outage of L seconds h m (1 - m / 2T) / L with m = min(L, T). For Poisson
requests at rate r per item h = r T / (1 + r T) (Jung, Berger, Balakrishnan, Modeling TTL-based Internet caches, INFOCOM
2003); here h is measured. Probabilities of items that end independently multiply.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simlib.analysis.cache_theory import ttl_hit_ratio, zipf_ttl_hit_ratio
from simlib.decision.economics.formulas import HOURS_PER_YEAR
from simlib.decision.gain.loads import compute_load
from simlib.deployment.enforcement_points import EnforcementPoint, build_enforcement_points
from simlib.deployment.parts import DOWNSTREAM, INNER_SERVICE, Parts, build_deployment_config, build_parts
from simlib.scenario.design import Design
from simlib.scenario.hosts import SERVICE
from simlib.scenario.scenario import Scenario
from simlib.scenario.variates import Variates
from simlib.strategies import CATALOGUE


@dataclass(frozen=True)
class CachedItem:
    """Item that is renewed on demand: it ends ``life_s`` after its renewal, ``grace_s`` later when it cannot be
    renewed.

    ``share``: share of the requests that find it in normal operation.
    """

    life_s: float
    share: float = 1.0
    grace_s: float = 0.0

    def compute_available_share(self, instants: NDArray[np.float64]) -> NDArray[np.float64]:
        """Share of the requests that find it at instants in seconds after the beginning of the outage."""
        remaining = (self.life_s + self.grace_s - instants) / self.life_s
        return np.asarray(self.share * np.clip(remaining, 0.0, 1.0))


def compute_share_served(kept: tuple[CachedItem, ...], length_s: float, served: float = 1.0) -> float:
    """Mean over an outage of the share of requests that find all items; ``served``: the share that needs nothing else.

    Raises ValueError for an outage without a length.
    """
    if not length_s > 0:
        raise ValueError(f"an outage must last more than 0 s, not {length_s:g}")
    # Between two ends of lives the share is a product of straight lines, integrated exactly by Gauss-Legendre.
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
    """Share of the requests served in an outage, by parts and settings, with a measured hit ratio (NaN counts as 0).

    Left out: sign-ins, which fail, requests that outlast a short outage, and fail-open behaviour.
    """
    parts = build_parts(design, build_deployment_config(scenario, design, Variates(scenario.run.seed, 0), {}))
    points = build_enforcement_points(parts, scenario.world, parts.config.regions[:1] or ("",))
    needed = [_find_needed_item(point, scenario, parts) for point in points if point.validator is not None]
    token = _build_token_item(scenario, parts)
    if any(_introspects_always(point, design) for point in points):
        # The measured ratio is that of whole requests, so it counts once; a renewed token is none of its hits.
        hits = 0.0 if np.isnan(hit_ratio) else hit_ratio
        token = CachedItem(token.life_s, hits * (token.share > 0))
    cached = [item for item in needed if item is not None]
    items = (token, *cached, *_list_exchanged_tokens(scenario, parts, points), *_list_revocation_lists(design))
    independent_share = _compute_independent_share(scenario, parts, points)
    return compute_share_served(items, scenario.terms.outage_length_s, independent_share)


def _find_needed_item(point: EnforcementPoint, scenario: Scenario, parts: Parts) -> CachedItem | None:
    """Item that a validator needs: answers about tokens, or keys; None when it needs neither.

    The hit ratio of answers is measured for all enforcement points together, so the share is left at 1 here.
    """
    settings, validator = _find_settings(point, parts.design), point.validator
    assert validator is not None
    if _introspects_always(point, parts.design):
        life = float(getattr(settings, "ttl_s", parts.design.token_lifetime_s))
        stale_s = float(getattr(settings, "stale_if_error_s", 0.0))
        return CachedItem(life, 1.0, stale_s) if validator.caches_answers else None
    keys = getattr(settings, "jwks_lifetime_s", None)
    secret = getattr(settings, "algorithms", ()) == ("HS256",)
    if keys is None or secret:
        return None
    # A set that is fetched ahead of its end is at most that old when an outage begins, and is used to its end.
    ahead = float(getattr(settings, "jwks_refresh_ahead_s", 0.0))
    share = ttl_hit_ratio(_compute_rate(scenario, point), keys) if ahead == 0 else 1.0
    return CachedItem(keys - ahead, share, ahead + float(getattr(settings, "jwks_stale_if_error_s", 0.0)))


def _build_token_item(scenario: Scenario, parts: Parts) -> CachedItem:
    """Access token of the client; a client that renews for every request has none."""
    life, population = parts.presenter.useful_life_s, scenario.world.population
    if not life > 0:
        return CachedItem(1.0, 0.0)
    share = zipf_ttl_hit_ratio(compute_load(scenario), life, population.users, population.zipf_exponent)
    return CachedItem(life, share)


def _list_exchanged_tokens(
    scenario: Scenario, parts: Parts, points: tuple[EnforcementPoint, ...]
) -> tuple[CachedItem, ...]:
    """Tokens for inner services, which each calling service caches; all of one service end together."""
    if parts.propagator is None or not parts.propagator.own_audiences:
        return ()
    life = float(getattr(parts.design.get_settings(DOWNSTREAM), "ttl_s", 0.0))
    population, calling = scenario.world.population, [point for point in points if point.calls]
    if not life > 0:
        return tuple(CachedItem(1.0, 0.0) for _ in calling)
    rates = (_compute_rate(scenario, point) for point in calling)
    return tuple(
        CachedItem(life, zipf_ttl_hit_ratio(rate, life, population.users, population.zipf_exponent)) for rate in rates
    )


def _list_revocation_lists(design: Design) -> tuple[CachedItem, ...]:
    """Lists of revoked tokens that are fetched at intervals; lists that are trusted when old never end."""
    lists = []
    for settings in (chosen.settings for chosen in design.wrappers):
        if hasattr(settings, "poll_s") and getattr(settings, "when_old", "refuse") == "refuse":
            lists.append(CachedItem(settings.poll_s, 1.0, settings.useful_s - settings.poll_s))
        elif hasattr(settings, "ttl_s") and hasattr(settings, "lifetime_s"):
            lists.append(CachedItem(settings.ttl_s, 1.0, settings.lifetime_s - settings.ttl_s))
    return tuple(lists)


def _compute_independent_share(scenario: Scenario, parts: Parts, points: tuple[EnforcementPoint, ...]) -> float:
    """Share of the requests that need no answer of the authorization server beyond tokens, keys and lists."""
    world, design, share = scenario.world, parts.design, 1.0
    if any(_introspects_always(point, design) and not _has_cache(point) for point in points):
        return 0.0
    if any(_introspects_sometimes(point, design) for point in points):
        share *= 1.0 - world.service.sensitive_share
    if design.user_information == "userinfo":
        share *= 1.0 - world.service.user_information_share
    return share


def _compute_rate(scenario: Scenario, point: EnforcementPoint) -> float:
    """Requests per second at one replica, spread evenly over regions and replicas."""
    regions = scenario.world.regions
    return compute_load(scenario) / point.replicas / (1 if regions is None else len(regions.names))


def _find_settings(point: EnforcementPoint, design: Design) -> Any:
    place = point.place if point.place in design.parts else SERVICE
    return design.get_settings(place)


def _find_part(point: EnforcementPoint, design: Design) -> Any:
    place = point.place if point.place in design.parts else INNER_SERVICE
    return CATALOGUE[place][design.parts[place].part]


def _introspects_always(point: EnforcementPoint, design: Design) -> bool:
    """Whether the part itself, without its wrappers, introspects tokens that are new to it."""
    introspects = bool(point.validator and point.validator.asks_authorization_server)
    return introspects and not _introspects_sometimes(point, design)


def _introspects_sometimes(point: EnforcementPoint, design: Design) -> bool:
    """Whether only a wrapper introspects, on sensitive routes."""
    part_introspects = getattr(_find_part(point, design), "asks_authorization_server", False)
    return bool(point.validator and point.validator.asks_authorization_server) and part_introspects is False


def _has_cache(point: EnforcementPoint) -> bool:
    return bool(point.validator and point.validator.caches_answers)
