"""The users' clients and their tokens: who holds what, and the rows that tell of it.

Tokens are in the middle of their lives when a run begins. A user with request rate r whose client uses a token for L
seconds and fetches the next one when it needs it holds a usable token for L out of every L + 1/r seconds, of an age
that is uniform on [0, L): so nobody stampedes at time 0.
"""

from collections.abc import Callable
from typing import Any

from simlib.engine.demand import Demand
from simlib.engine.untimed import PastContext, run_untimed
from simlib.scenario.effects import Context, Flow
from simlib.scenario.messages import StorePut, TokenRow
from simlib.scenario.sinks import Row
from simlib.scenario.variates import Variates
from simlib.stores import TokenStore
from simlib.strategies import Bearer, Credentials, Grant, Held, Issued, Issuer, UserClient
from simlib.tokens import opaque_token, store_key

FOREVER = 1e9
"""Expiry of the sessions' refresh tokens, seconds: no session ends inside a run."""


def subject_of(user: int) -> str:
    """The ``sub`` of a user; of fixed width, so that sizes do not depend on who asks."""
    return f"user-{user:010d}"


class Population:
    """Clients come to life at their first request, as they would have been at that time."""

    def __init__(
        self,
        demand: Demand,
        variates: Variates,
        issuer: Issuer,
        presenter: Bearer,
        store: TokenStore,
        client: Credentials,
        scope: str,
        token_row: Callable[[Row], None],
    ) -> None:
        self._rates = demand.rates
        self._variates = variates
        self._issuer = issuer
        self._life = presenter.useful_life_s
        self._store = store
        self._client = client
        self._scope = scope
        self._token_row = token_row
        self._clients: dict[int, UserClient] = {}
        self._token_ids: dict[str, int] = {}
        self._issued_to: dict[int, int] = {}

    def client(self, user: int) -> UserClient:
        """The client of a user."""
        known = self._clients.get(user)
        if known is None:
            known = self._clients[user] = self._begin(user)
        return known

    def token_id(self, token: str) -> int:
        """The number of a token that was issued in this run, -1 for any other string."""
        return self._token_ids.get(token, -1)

    def note_issued(self, issued: Issued) -> None:
        """Write the row of a new token."""
        user = int(issued.subject.removeprefix("user-"))
        ordinal = self._issued_to.get(user, 0)
        self._issued_to[user] = ordinal + 1
        number = len(self._token_ids)
        self._token_ids[issued.token] = number
        self._token_row((number, user, ordinal, issued.issued_at, issued.expires_at, len(issued.token)))

    def _begin(self, user: int) -> UserClient:
        refresh_token = opaque_token(self._variates.random_bytes("session.refresh_token", user, 32))
        row = TokenRow("refresh", subject_of(user), self._client.client_id, self._scope, "", -FOREVER, FOREVER)
        self._store.execute(StorePut(store_key(refresh_token), row))
        return UserClient(user, refresh_token, self._held_before(user))

    def _held_before(self, user: int) -> Held | None:
        rate = float(self._rates[user])
        cycle = self._life + (1.0 / rate if rate > 0 else FOREVER)
        # One uniform for both questions: below the usable share of the cycle it is the age in cycles.
        position = self._variates.one("session.age", user, 0) * cycle
        if position >= self._life:
            return None
        past = PastContext(-position, self._variates, user)
        grant = Grant(subject_of(user), self._client.client_id, self._scope)
        issued: Issued = run_untimed(self._issuer.issue(past, grant), self._store)
        self.note_issued(issued)
        return Held(issued.token, issued.expires_at)


class ObservedTokens:
    """The AS's access tokens, with the driver looking on: what is issued and revoked becomes rows."""

    def __init__(self, issuer: Issuer, population: Population, on_revoked: Callable[[str, float], None]) -> None:
        self._issuer = issuer
        self._population = population
        self._on_revoked = on_revoked
        self.inspect = issuer.inspect

    def issue(self, ctx: Context, grant: Grant) -> Flow[Issued]:
        """Issue, then write the row."""
        issued = yield from self._issuer.issue(ctx, grant)
        self._population.note_issued(issued)
        return issued

    def revoke(self, ctx: Context, token: str) -> Flow[Any]:
        """Revoke, then tell when it took effect."""
        known = yield from self._issuer.revoke(ctx, token)
        if known:
            self._on_revoked(token, ctx.now())
        return known
