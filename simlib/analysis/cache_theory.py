"""Closed forms for caches with a time to live: hit ratio, age of answers, and availability in an outage.

One replica's cache under Poisson demand is a renewal process: a miss loads an answer, hits follow for the time to live,
then comes an exponential wait for the next request, which is a miss again (Jung, Berger and Balakrishnan, Modeling
TTL-based Internet caches, INFOCOM 2003). Loading takes no time and room is unlimited. Where tokens end, they take their
entries with them. Times are seconds and rates per second; every function raises ValueError for an input out of range.

Availability without the authorization server. Let a resource server keep something that it fetched for a life of T
seconds (an answer, a token in its client's hands, a key set), and let the server that it came from be down for L
seconds, beginning at an instant that is independent of it. At that instant its remaining life is uniform on [0, T), so
t seconds later it is unexpired with probability max(0, 1 - t/T), and several of them with the product. Averaged over
the requests of the outage, which come evenly,

    unexpired(L; T1, T2, ...) = 1/L  integral from 0 to L of  max(0, 1 - t/T1) max(0, 1 - t/T2) ...  dt;

for a single one that is 1 - L/(2T) where L <= T, and T/(2L) where the outage is the longer. What is fetched on demand,
by requests that come as a Poisson stream of rate r, is present for T out of every T + 1/r seconds; so a request finds
it with probability rT / (1 + rT), the hit ratio. Nothing new is fetched during the outage, hence

    availability = rT / (1 + rT) * unexpired(L; T, ...),

a product with one such first factor for each thing that is fetched on demand.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.polynomial import Polynomial

from simlib.analysis.columns import Floats


def ttl_hit_ratio(rate: float, ttl_s: float) -> float:
    """Hit ratio of a cache entry that lives ``ttl_s`` from its load, under Poisson demand: r / (1 + r), r = rate TTL.

    Each load is one miss and is followed by r hits in the mean.
    """
    _check_range(rate=rate, ttl_s=ttl_s)
    return rate * ttl_s / (1 + rate * ttl_s)


def zipf_ttl_hit_ratio(total_rate: float, ttl_s: float, population: int, exponent: float) -> float:
    """The same over a population whose n-th member demands in proportion to n ** -exponent; a share of requests."""
    return average_over_users(lambda rate: ttl_hit_ratio(rate, ttl_s), total_rate, population, exponent)


def average_over_users(form: Callable[[float], float], total_rate: float, users: int, exponent: float) -> float:
    """Mean of a form of one user's request rate over a population, a share of requests.

    The n-th user sends requests in proportion to n ** -exponent, as in `simlib.scenario.world.Population`.
    """
    if users < 1:
        raise ValueError(f"users must be at least 1, not {users}")
    weights = [rank**-exponent for rank in range(1, users + 1)]
    total = math.fsum(weights)
    return math.fsum(w / total * form(total_rate * w / total) for w in weights)


def answers_older_than(seconds: float, rate: float, ttl_s: float, used_s: float = math.inf, caches: int = 1) -> float:
    """Share of the requests that are answered from a cache by an answer older than ``seconds``; the hit ratio at 0.

    A token is obtained for a request and then presented at ``rate`` for ``used_s``, each time to one of ``caches`` at
    random. It is also the share of requests that are served ``seconds`` into an outage of the authorization server,
    and the share accepted ``seconds`` after a revocation. A JWT is the case of one cache that keeps for ``used_s``.
    """
    _check_range(seconds=seconds, rate=rate, ttl_s=ttl_s, used_s=used_s)
    if caches < 1:
        raise ValueError(f"caches must be at least 1, not {caches}")
    cache_rate = rate / caches
    if ttl_s == 0 or rate == 0:
        return 0.0
    if math.isinf(used_s):
        return ttl_hit_ratio(cache_rate, ttl_s) * max(0.0, 1.0 - seconds / ttl_s)
    first_entry = cache_rate * max(0.0, min(ttl_s, used_s) - seconds)
    first_cache = first_entry + _count_hits(seconds, cache_rate, ttl_s, used_s - ttl_s)
    return (first_cache + (caches - 1) * _count_hits(seconds, cache_rate, ttl_s, used_s)) / (1.0 + rate * used_s)


def outage_survival(seconds: float, rate: float, ttl_s: float, stale_s: float = 0.0) -> float:
    """Share of the requests served ``seconds`` into an outage by a cache that then goes on for ``stale_s`` (RFC 5861).

    ``rate`` is that of one token at this cache; tokens outlive the outage. An answer of age a when the outage began is
    used until ttl_s + stale_s. Loads are ttl_s and an exponential wait apart, so the age is that of a renewal process.
    """
    _check_range(seconds=seconds, rate=rate, ttl_s=ttl_s, stale_s=stale_s)
    if rate == 0:
        return 0.0
    youngest = ttl_s + stale_s - seconds  # an answer must have been younger than this when the outage began
    waited = max(0.0, youngest - ttl_s)
    usable = max(0.0, min(youngest, ttl_s)) - math.expm1(-rate * waited) / rate
    return usable / (ttl_s + 1.0 / rate)


def unexpired_share(outage_s: float, lives_s: Sequence[float]) -> float:
    """Share of an outage's requests that find everything with these lives (seconds) unexpired; 1 without any.

    Everything is present when the outage begins. Raises ValueError for an outage or a life that is not above 0.
    """
    if not outage_s > 0 or not all(life > 0 for life in lives_s):
        raise ValueError("an outage and the lives of what is kept must be above 0 s")
    product = Polynomial([1.0])
    for life in lives_s:
        product *= Polynomial([1.0, -1.0 / life])
    until = min(outage_s, *lives_s) if lives_s else outage_s
    return float(product.integ()(until)) / outage_s


def availability_without_server(
    outage_s: float, on_demand: Sequence[tuple[float, float]], standing: Sequence[float] = ()
) -> float:
    """Share of an outage's requests that are served from what was fetched before.

    ``on_demand``: rate of the requests that need it (1/s) and life (s) of each thing that is fetched when it is
    needed, such as an answer about a token, or the token itself; ``standing``: lives of what is always present, such as
    a key set.
    """
    present = float(np.prod([ttl_hit_ratio(rate, life) for rate, life in on_demand]))
    return present * unexpired_share(outage_s, [*(life for _, life in on_demand), *standing])


def _count_hits(seconds: float, rate: float, ttl_s: float, during_s: float) -> float:
    """Mean number of hits older than ``seconds`` at a cache that is empty at first, within ``during_s``.

    The n-th miss comes n TTLs and a Gamma(n + 1) wait after the beginning; hits follow until its answer is dropped or
    time is up.
    """
    if during_s <= seconds or ttl_s <= seconds:
        return 0.0
    requests = rate * during_s
    most = min(during_s / ttl_s, requests + 10.0 * math.sqrt(requests) + 30.0)  # there are no more misses than requests
    miss = np.arange(math.ceil(most), dtype=np.float64)
    remaining = during_s - miss * ttl_s
    older, dropped = (_compute_expected_rest(remaining - age, miss, rate) for age in (seconds, ttl_s))
    return float(rate * (older - dropped).sum())


def _compute_expected_rest(remaining: Floats, miss: Floats, rate: float) -> Floats:
    """E (remaining - wait)+ for waits of Gamma(miss + 1, rate), in seconds."""
    from scipy.special import gammainc

    remaining = np.maximum(remaining, 0.0)
    stages = miss + 1.0
    rest: Floats = remaining * gammainc(stages, rate * remaining) - stages / rate * gammainc(
        stages + 1.0, rate * remaining
    )
    return rest


def _check_range(**values: float) -> None:
    for name, value in values.items():
        if not value >= 0 or (math.isinf(value) and name != "used_s"):
            raise ValueError(f"{name} must be finite and >= 0, not {value}")
