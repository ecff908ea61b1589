"""Population: the users' clients, the tokens that they hold, and the rows of issued tokens.

Tokens are in the middle of their lives when a run begins. A user with request rate r whose client uses a token for L
seconds and fetches the next one when it needs it holds a usable token for L out of every L + 1/r seconds, of an age
that is uniform on [0, L): so there is no rush at time 0. With sessions of length S the same holds for them: a session
is there for S out of every S + 1/r seconds.
"""

from collections import deque
from collections.abc import Callable
from itertools import count
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simlib.deployment.authorization_servers import ServersByUser
from simlib.deployment.clients import Application, name_subject
from simlib.deployment.demand import Demand, StreamedDemand
from simlib.deployment.offline_run import OfflineContext, run_offline
from simlib.deployment.sign_in import SignIns
from simlib.engine.hosts import HostContext
from simlib.scenario.effects import Context, Flow
from simlib.scenario.hosts import BACKEND
from simlib.scenario.messages import StorePut, TokenRow
from simlib.scenario.sinks import Row
from simlib.scenario.variates import Variates
from simlib.strategies import ClientToken, Grant, Issued, Issuer, Presenter, UserClient, Wrapper
from simlib.tokens import make_opaque_token, make_store_key

Floats = NDArray[np.float64]

LONG_EXPIRED_S = 3600.0
"""Seconds after which a run that streams its requests takes an expired token for one that it has not issued."""
FOREVER = 1e9
"""Expiry of refresh tokens of sessions that do not end, seconds: no such session ends inside a run."""


class Population:
    """Clients, each made at its first request as it would have been at that time.

    ``remembers``: the tokens of each user are kept, and can be listed.
    """

    def __init__(
        self,
        demand: Demand,
        variates: Variates,
        presenter: Presenter,
        wrappers: tuple[Wrapper, ...],
        servers: ServersByUser,
        scope: str,
        sign_ins: SignIns | None,
        token_row: Callable[[Row], None],
        remembers: bool = False,
    ) -> None:
        self._remembers = remembers
        self._demand = demand
        self._variates = variates
        self._life = presenter.useful_life_s
        self._wrappers = wrappers
        self._servers = servers
        self._scope = scope
        self._sign_ins = sign_ins
        self._token_row = token_row
        self._clients: dict[int, UserClient] = {}
        self._token_ids: dict[int, int] = {}  # by the token's hash: a long run has many, and each is long
        self._expiring: deque[tuple[float, int]] | None = deque() if isinstance(demand, StreamedDemand) else None
        self._issued_to: dict[int, int] = {}
        self._live: dict[int, list[Issued]] = {}
        self._numbers = count()

    def find_client(self, user: int) -> UserClient:
        """The client of a user."""
        client = self._clients.get(user)
        if client is None:
            client = self._clients[user] = self._begin(user)
        return client

    def begin_signed_out(self, user: int) -> UserClient:
        """A user's client without a past: not signed in yet. Only where sessions begin."""
        assert self._sign_ins is not None
        client = self._clients[user] = self._sign_ins.build_client(user)
        return client

    def find_application(self, user: int) -> Application | None:
        """The registered client that a user's client is one of; None where there is but one."""
        return None if self._sign_ins is None else self._sign_ins.find_application(user)

    def draw_initial_session(self, user: int) -> tuple[float, float]:
        """Length of the session that a user has when the run begins, and the position in it (seconds); both 0 without.

        Only where sessions begin and end.
        """
        assert self._sign_ins is not None
        return self._sign_ins.draw_initial_session(user, self._compute_idle_time(user))

    def find_region(self, user: int) -> str:
        """The region of the authorization server that a user belongs to."""
        return self._servers.find_server(user).region

    def find_token(self, token: str) -> int:
        """The number of a token that was issued in this run, -1 for any other string."""
        return self._token_ids.get(hash(token), -1)

    def note_issued(self, issued: Issued, lead_s: float = 0.0, by_client: bool = True) -> None:
        """Write the row of a new token; ``lead_s``: seconds by which the clock of its server is ahead."""
        user = int(issued.subject.removeprefix("user-"))
        ordinal = self._issued_to.get(user, 0)
        self._issued_to[user] = ordinal + 1
        number = next(self._numbers)
        self._token_ids[hash(issued.token)] = number
        if self._expiring is not None:
            self._forget_expired(self._expiring, issued, hash(issued.token))
        if self._remembers:
            self._live.setdefault(user, []).append(issued)
        begin, end = issued.issued_at - lead_s, issued.expires_at - lead_s
        self._token_row((number, user, ordinal, begin, end, len(issued.token), int(by_client)))

    def _forget_expired(self, expiring: deque[tuple[float, int]], issued: Issued, hashed: int) -> None:
        """Forget the numbers of tokens that expired long before another is issued."""
        expiring.append((issued.expires_at, hashed))
        while expiring[0][0] < issued.issued_at - LONG_EXPIRED_S:
            self._token_ids.pop(expiring.popleft()[1], None)

    def write_unused_tokens(self, lifetime_s: float) -> None:
        """Write rows of the tokens that are there when the run begins and that it never uses: none is really issued.

        Their users make no request in the run, or renew before a token ends. Without them, tokens in use would be too
        few in a short run, and rise with its length.
        """
        users = len(self._demand.rates)
        come = self._demand.active_users
        come = come[come < users]
        ages = self._compute_ages(self._variates.draw_column("session.age.absent", users))
        ages[come] = np.inf
        if lifetime_s > self._life > 0:
            drawn = np.array([self._variates.draw_one("session.age", user, 0) for user in come.tolist()])
            own = self._compute_ages(drawn, come)
            ages[come] = np.where(own < self._life, np.inf, own)
        for user in np.flatnonzero(ages < lifetime_s).tolist():
            oldest = self._draw_session_age(user)
            if oldest is not None:
                age = min(float(ages[user]), oldest)
                self._token_row((next(self._numbers), user, 0, -age, lifetime_s - age, 0, 1))

    def _draw_session_age(self, user: int) -> float | None:
        """Seconds since a user's session began, before which it had no token; None without a session."""
        if self._sign_ins is None:
            return FOREVER
        length, position = self.draw_initial_session(user)
        return position if position < length else None

    def _compute_ages(self, drawn: Floats, users: Any = slice(None)) -> Floats:
        """Ages (seconds) of the newest token of each user from uniforms; beyond the useful life nothing was requested.

        While a token can be used its age is uniform, as for `draw_token_age`, and exponential from then on.
        """
        idle = 1.0 / np.maximum(self._demand.rates[users], 1.0 / FOREVER)
        position = drawn * (self._life + idle)
        waited = -np.log1p(-np.clip((position - self._life) / idle, 0.0, 1.0 - 1e-12)) * idle
        ages: Floats = np.where(position < self._life, position, self._life + waited)
        return ages if self._life > 0 else ages + np.inf

    def list_live_tokens(self, user: int, now: float) -> tuple[str, ...]:
        """The access tokens of a user that are in time at an instant (seconds), those from before the run included."""
        self.find_client(user)
        return tuple(issued.token for issued in self._live.get(user, ()) if issued.issued_at <= now < issued.expires_at)

    def _begin(self, user: int) -> UserClient:
        if self._sign_ins is None:
            return UserClient(
                user, self._store_refresh_token(user, "client", FOREVER), self._issue_initial_token(user, FOREVER)
            )
        client = self._sign_ins.build_client(user)
        length, position = self.draw_initial_session(user)
        if position < length and client.target != BACKEND:  # a browser's session is that of its backend
            client.session_until = length - position
            if self._sign_ins.has_refresh_tokens(user):
                client_id = self._sign_ins.find_application(user).client_id
                client.refresh_token = self._store_refresh_token(user, client_id, client.session_until)
            client.access_token = self._issue_initial_token(user, position)
        return client

    def _compute_idle_time(self, user: int) -> float:
        """Mean seconds between two requests of a user."""
        rate = float(self._demand.rates[user])
        return 1.0 / rate if rate > 0 else FOREVER

    def _store_refresh_token(self, user: int, client_id: str, until: float) -> str:
        token = make_opaque_token(self._variates.random_bytes("session.refresh_token", user, 32))
        row = TokenRow("refresh", name_subject(user), client_id, self._scope, "", -FOREVER, until)
        self._servers.find_server(user).store.execute(StorePut(make_store_key(token), row))
        return token

    def draw_token_age(self, user: int) -> float | None:
        """Age in seconds of the access token that a user has when the run begins, None without one."""
        # One uniform for both questions: below the usable share of the cycle it is the age in cycles.
        position = self._variates.draw_one("session.age", user, 0) * (self._life + self._compute_idle_time(user))
        return position if position < self._life else None

    def _issue_initial_token(self, user: int, oldest: float) -> ClientToken | None:
        """The access token that a user has when the run begins, at most ``oldest`` seconds old."""
        position = self.draw_token_age(user)
        if position is None:
            return None
        past = OfflineContext(-min(position, oldest), self._variates, user)
        client_id = "client" if self._sign_ins is None else self._sign_ins.find_application(user).client_id
        grant = Grant(name_subject(user), client_id, self._scope)
        for wrapper in self._wrappers:
            grant = wrapper.adjust_initial_grant(user, grant)
        server = self._servers.find_server(user)
        issued: Issued = run_offline(server.issuer.issue(past, grant), server.list_resources())
        self.note_issued(issued)
        return ClientToken(issued.token, issued.expires_at)


class RecordedTokens:
    """Access tokens of the authorization server, of which each issue and revocation becomes a row."""

    def __init__(self, issuer: Issuer, population: Population, on_revoked: Callable[[str, float], None]) -> None:
        self._issuer = issuer
        self._population = population
        self._on_revoked = on_revoked
        self.inspect = issuer.inspect

    def issue(self, ctx: Context, grant: Grant) -> Flow[Issued]:
        """Issue, then write the row."""
        issued = yield from self._issuer.issue(ctx, grant)
        self._population.note_issued(issued, ctx.now() - find_simulated_time(ctx), not grant.actor)
        return issued

    def revoke(self, ctx: Context, token: str) -> Flow[Any]:
        """Revoke, then record the instant at which it took effect."""
        known = yield from self._issuer.revoke(ctx, token)
        if known:
            self._on_revoked(token, find_simulated_time(ctx))
        return known


def find_simulated_time(ctx: Context) -> float:
    """The simulated instant (seconds) on a host, whatever its own clock says; before the run they are the same."""
    return ctx.simulated_now() if isinstance(ctx, HostContext) else ctx.now()
