"""Revocations before the run: tokens that were revoked, lists that name them, and clients that noticed it.

They come at the rate of those in the run, over the life of a token: older ones are forgotten everywhere. A user whose
present token was revoked goes on with it until a request of theirs is refused, and then has another one.
"""

from collections.abc import Callable
from functools import partial

import numpy as np

from simlib.deployment.demand import pick_by_share
from simlib.deployment.past import Past
from simlib.deployment.past_background import Schedule
from simlib.deployment.past_fetches import draw_exponential
from simlib.scenario.hosts import BACKEND
from simlib.scenario.messages import HttpRequest
from simlib.strategies import ClientToken, UserClient

MOST = 5_000
"""Revocations of the past at most, the latest ones."""
ATTEMPTS = 40
DENSE = 10
"""Requests after a revocation that are all made; later ones get ever rarer, up to this number of `ATTEMPTS`."""
GROWTH = 1.25
Restart = Callable[[UserClient, ClientToken, str], None]
"""Begins the requests of a client with a new token; the text names their variates."""


class PastRevocations:
    """The revocations of one deployment. ``users``: those who come in the run, the only ones with a client."""

    def __init__(self, past: Past, schedule: Schedule, restart: Restart, users: frozenset[int]) -> None:
        self._past = past
        self._deployment = past.deployment
        self._variates = past.deployment.variates
        self._schedule = schedule
        self._restart = restart
        self._users = users
        self._life_s = past.deployment.parts.config.token_lifetime_s

    def begin(self) -> None:
        """Draw them, latest first."""
        rate = self._deployment.world.revocations.rate
        if not rate > 0:
            return
        count = min(MOST, int(rate * self._life_s + 6 * np.sqrt(rate * self._life_s) + 20))
        gaps = -np.log1p(-self._variates.draw_column("warm.revocation.gap", count)) / rate
        users = pick_by_share(self._deployment.demand.rates, self._variates.draw_column("warm.revocation.user", count))
        for number, (ago, user) in enumerate(zip(np.cumsum(gaps).tolist(), users.tolist(), strict=True)):
            if ago < self._life_s and not self._has_backend(user):
                self._schedule(-ago, partial(self._revoke, number, user, -ago))

    def _has_backend(self, user: int) -> bool:
        """Whether a user's browser holds no token that could be stolen."""
        kinds, world = self._deployment.demand.kinds, self._deployment.world
        return kinds is not None and world.clients[kinds[user]].kind == "spa_bff"

    def _revoke(self, number: int, user: int, instant: float) -> None:
        region = self._deployment.topology.find_server_region(self._deployment.find_home(user))
        client = self._deployment.population.find_client(user) if user in self._users else None
        held = None if client is None else client.access_token
        if client is not None and held is not None and held.expires_at - self._life_s < instant:
            assert client.target != BACKEND
            self._past.set_clock(instant, user)
            self._deployment.revocations.report_earlier(number, user, instant, held.token)
            self._past.revoke(region, held.token)
            self._go_on(number, client, held, instant, 0)
            return
        self._revoke_earlier(number, user, instant, region)

    def _revoke_earlier(self, number: int, user: int, instant: float, region: str) -> None:
        """A token that its user does not have any more when the run begins."""
        life, rate = self._deployment.parts.presenter.useful_life_s, self._find_rate(user)
        age = self._variates.draw_one("warm.revocation.age", number, 0) * (life + 1 / rate)
        if age < life and instant - age + self._life_s > 0:
            self._past.set_clock(instant - age, user)
            token = self._past.issue(user, region).token
            self._past.set_clock(instant, user)
            self._past.revoke(region, token)

    # --- noticing ------------------------------------------------------------------------------------------------

    def _go_on(self, number: int, client: UserClient, held: ClientToken, instant: float, attempt: int) -> None:
        """Schedule the client's next request; rarer ones end with the last one before the run."""
        rate, uniform = (
            self._find_rate(client.user),
            self._variates.draw_one("warm.revocation.request", number, attempt),
        )
        following = instant + draw_exponential(rate, uniform) * _stretch(attempt)
        if following >= 0 and DENSE < attempt < ATTEMPTS:
            following = -draw_exponential(rate, self._variates.draw_one("warm.revocation.last", number, 0))
            attempt = ATTEMPTS - 1
        if instant < following < 0 and attempt < ATTEMPTS:
            count = max(1.0, rate * (following - instant)) if attempt > DENSE else 1.0
            self._schedule(following, partial(self._request, number, client, held, following, attempt, count))

    def _request(
        self, number: int, client: UserClient, held: ClientToken, instant: float, attempt: int, count: float
    ) -> None:
        if client.access_token is not held:
            return  # noticed by another request
        home = self._deployment.find_home(client.user)
        point = next(p for p in self._deployment.enforcement_points if p.first and p.region == home)
        replica = int(self._variates.draw_one("warm.revocation.replica", number, attempt) * point.replicas)
        self._past.set_clock(instant, client.user)
        self._past.request(client, point, replica, self._draw_need(number, attempt, count))
        renewed = client.access_token
        if renewed is held:
            self._go_on(number, client, held, instant, attempt + 1)
        elif renewed is not None:
            self._restart(client, renewed, f".again{number}")

    def _draw_need(self, number: int, attempt: int, count: float) -> HttpRequest:
        """Kind of a request that stands for ``count``: some parts notice a revocation at one kind only."""
        service = self._deployment.world.service
        informed, sensitive = (
            self._variates.draw_one(f"warm.revocation.{need}", number, attempt) < 1 - (1 - share) ** count
            for need, share in (("informed", service.user_information_share), ("sensitive", service.sensitive_share))
        )
        return HttpRequest(needs_user_information=informed, sensitive=sensitive)

    def _find_rate(self, user: int) -> float:
        return max(float(self._deployment.demand.rates[user]), 1e-12)


def _stretch(attempt: int) -> float:
    """Factor by which the time to an attempt is longer than that from one request to the next."""
    return float(GROWTH ** max(0, attempt - DENSE))
