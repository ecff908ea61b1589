"""What goes on without the authorization server, in closed form.

Let a resource server keep something fetched for a life of T seconds (an answer, a token in its client's hands, a key
set), and let the server that it came from be down for L seconds, beginning at an instant that has nothing to do with
it. At that instant its remaining life is uniform on [0, T), so that t seconds later it is still there with probability
max(0, 1 - t/T). Several of them are there with the product. Averaged over the requests of the outage, which come
evenly,

    alive(L; T1, T2, ...) = 1/L  integral from 0 to L of  max(0, 1 - t/T1) max(0, 1 - t/T2) ...  dt;

for a single one that is 1 - L/(2T) where L <= T, and T/(2L) where the outage is the longer.

What is fetched when it is needed, by requests that come as a Poisson stream of rate r, is there at all for T out of
every T + 1/r seconds; so a request finds it with probability rT / (1 + rT), the hit ratio of such a cache. Nothing new
is fetched during the outage, hence

    availability = rT / (1 + rT) * alive(L; T, ...),

a product with one such first factor for each thing that is fetched on demand.
"""

from collections.abc import Sequence

import numpy as np
from numpy.polynomial import Polynomial

from simlib.analysis.queueing import ttl_hit_ratio


def alive(outage_s: float, lives_s: Sequence[float]) -> float:
    """Share of an outage's requests that find everything with these lives (seconds) still there; 1 without any.

    Everything is there when the outage begins. Raises ValueError for an outage or a life that is not above 0.
    """
    if not outage_s > 0 or not all(life > 0 for life in lives_s):
        raise ValueError("an outage and the lives of what is kept must be above 0 s")
    together = Polynomial([1.0])
    for life in lives_s:
        together *= Polynomial([1.0, -1.0 / life])
    until = min(outage_s, *lives_s) if lives_s else outage_s
    return float(together.integ()(until)) / outage_s


def availability_without_server(
    outage_s: float, on_demand: Sequence[tuple[float, float]], standing: Sequence[float] = ()
) -> float:
    """Share of an outage's requests that are served from what was fetched before.

    ``on_demand``: rate of the requests that need it (1/s) and life (s) of each thing that is fetched when it is
    needed, such as an answer about a token, or the token itself; ``standing``: lives of what is always there, such as a
    key set.
    """
    found = float(np.prod([ttl_hit_ratio(rate, life) for rate, life in on_demand]))
    return found * alive(outage_s, [*(life for _, life in on_demand), *standing])
