"""Revocations: tokens that are reported stolen while their thief goes on presenting them, and ends of sessions.

Sessions end together when users are logged out by the authorization server, or with the key that signed their tokens.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import count
from typing import Any

import numpy as np

from simlib.deployment.clients import Application, name_subject
from simlib.deployment.demand import Demand, pick_by_share
from simlib.deployment.population import Population, find_simulated_time
from simlib.scenario.effects import Call, Context, Flow
from simlib.scenario.hosts import BACKEND
from simlib.scenario.messages import HttpRequest, StoreConsume, StoreGet, StorePut, StoreRequest, StoreRevoke
from simlib.scenario.records import SESSION
from simlib.scenario.sinks import Row
from simlib.scenario.variates import Variates
from simlib.services import AuthorizationServer
from simlib.stores import StoreAnswer, TokenStore
from simlib.strategies import Credentials, format_basic_authorization


class Revocations:
    """They come as a Poisson stream and hit users in proportion to their requests."""

    def __init__(
        self,
        rate: float,
        horizon: float,
        demand: Demand,
        variates: Variates,
        authorization: str,
        row: Callable[[Row], None],
    ) -> None:
        self._rate = rate
        self._horizon = horizon
        self._demand = demand
        self._variates = variates
        self._authorization = authorization
        self._row = row
        self._requested: dict[str, tuple[int, int, float]] = {}

    def schedule(
        self, population: Population, client_host: Callable[[int], str], route: Callable[[int, Flow[Any]], Flow[Any]]
    ) -> list[tuple[float, str, Callable[[], Flow[Any]]]]:
        """When, on which host, and what: one entry per theft before the horizon.

        ``route`` sends a user's calls to the authorization server of that user.
        """
        if self._rate == 0:
            return []
        count = int(self._rate * self._horizon + 6 * np.sqrt(self._rate * self._horizon) + 20)
        gaps = -np.log1p(-self._variates.draw_column("revocation.gap", count)) / self._rate
        times = np.cumsum(gaps)
        users = pick_by_share(self._demand.rates, self._variates.draw_column("revocation.user", count))
        return [
            (time, client_host(user), partial(self._route, route, population, number, user, time))
            for number, (time, user) in enumerate(zip(times.tolist(), users.tolist(), strict=True))
            if time < self._horizon
        ]

    def _route(
        self,
        route: Callable[[int, Flow[Any]], Flow[Any]],
        population: Population,
        number: int,
        user: int,
        time: float,
    ) -> Flow[Any]:
        return route(user, self._revoke(population, number, user, time))

    def _revoke(self, population: Population, number: int, user: int, requested: float) -> Flow[None]:
        """The user's token is reported stolen; its thief goes on presenting it."""
        client_of_user = population.find_client(user)
        held = client_of_user.access_token
        # A browser with a backend holds no token that could be stolen; and a token is reported once.
        if held is None or held.expires_at <= requested or client_of_user.target == BACKEND:
            return
        if held.token in self._requested:
            return
        self._requested[held.token] = (number, user, requested)
        yield Call(
            "revoke", build_revocation_request(held.token, population.find_application(user), self._authorization)
        )

    def report_earlier(self, number: int, user: int, instant: float, token: str) -> None:
        """Report a token that was revoked before the run; such revocations have negative numbers."""
        self._requested[token] = (-1 - number, user, instant)

    def note_revoked(self, population: Population, token: str, effective: float) -> None:
        """A token has been revoked; those that ended with their session were not reported and have no row."""
        if token in self._requested:
            number, user, requested = self._requested[token]
            self._row((number, population.find_token(token), user, requested, effective))


def build_revocation_request(token: str, client: Application | None, authorization: str) -> HttpRequest:
    """Request of the client of a token to have it revoked (RFC 7009 section 2.1); ``authorization`` is that of the
    deployment's client, for worlds where there is but one.
    """
    form = f"token={token}&token_type_hint=access_token"
    if client is None:
        return HttpRequest(authorization, form.encode())
    if client.secret:
        return HttpRequest(format_basic_authorization(Credentials(client.client_id, client.secret)), form.encode())
    return HttpRequest(body=f"{form}&client_id={client.client_id}".encode())


FIRST_NUMBER = 1_000_000_000
"""Their revocations are numbered from here on, beyond those of thefts."""


class IndexedStore:
    """Token store with an index of the refresh tokens by subject."""

    def __init__(self, store: TokenStore) -> None:
        self._store = store
        self._refresh: dict[str, dict[str, None]] = {}
        self.count_valid = store.count_valid

    def execute(self, request: StoreRequest) -> StoreAnswer:
        """Answer one request at once."""
        if isinstance(request, StorePut) and request.row.kind == "refresh" and request.row.revoked_at is None:
            self._refresh.setdefault(request.row.subject, {})[request.key] = None
        elif isinstance(request, StoreRevoke | StoreConsume):
            row = self._store.execute(StoreGet(request.key))
            self._refresh.get(getattr(row, "subject", ""), {}).pop(request.key, None)
        return self._store.execute(request)

    def refresh_keys(self, subject: str) -> tuple[str, ...]:
        """The keys of the refresh tokens that a subject may still use, oldest first."""
        return tuple(self._refresh.get(subject, ()))

    def close(self) -> None:
        """Let go of files and memory, or forget every row."""
        self._refresh.clear()
        self._store.close()


class SessionEnds:
    """Writes down whose sessions and tokens ended, and ends them."""

    def __init__(self, population: Population, row: Callable[[Row], None]) -> None:
        self._population = population
        self._row = row
        self._numbers = count(FIRST_NUMBER)

    def log_out(self, ctx: Context, user: int, server: AuthorizationServer, store: IndexedStore) -> Flow[None]:
        """Revoke what a user has: refresh tokens first, so that no new access token comes of them."""
        requested = find_simulated_time(ctx)
        for key in store.refresh_keys(name_subject(user)):
            yield Call("store", StoreRevoke(key, ctx.now()))
        self._note(SESSION, user, requested, find_simulated_time(ctx))
        for token in self._population.list_live_tokens(user, ctx.now()):
            if (yield from server.tokens.revoke(ctx, token)):
                self._note(self._population.find_token(token), user, requested, find_simulated_time(ctx))

    def withdraw(self, users: Iterable[int], now: float) -> Iterator[int]:
        """Every token of these users that is in time now was signed by a key that is not trusted any more."""
        for user in users:
            for token in self._population.list_live_tokens(user, now):
                number = self._population.find_token(token)
                self._note(number, user, now, now)
                yield number

    def _note(self, token: int, user: int, requested: float, effective: float) -> None:
        self._row((next(self._numbers), token, user, requested, effective))
