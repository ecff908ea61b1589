"""Session ends: users logged out together, by the authorization server or with the key that signed their tokens."""

from collections.abc import Callable, Iterable, Iterator
from itertools import count

from simlib.deployment.clients import name_subject
from simlib.deployment.population import Population
from simlib.scenario.effects import Call, Context, Flow
from simlib.scenario.messages import StoreConsume, StoreGet, StorePut, StoreRequest, StoreRevoke
from simlib.scenario.records import SESSION
from simlib.scenario.sinks import Row
from simlib.services import AuthorizationServer
from simlib.stores import StoreAnswer, TokenStore

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
        asked = ctx.now()
        for key in store.refresh_keys(name_subject(user)):
            yield Call("store", StoreRevoke(key, ctx.now()))
        self._note(SESSION, user, asked, ctx.now())
        for token in self._population.list_live_tokens(user, ctx.now()):
            if (yield from server.tokens.revoke(ctx, token)):
                self._note(self._population.find_token(token), user, asked, ctx.now())

    def withdraw(self, users: Iterable[int], now: float) -> Iterator[int]:
        """Every token of these users that is in time now was signed by a key that is not trusted any more."""
        for user in users:
            for token in self._population.list_live_tokens(user, now):
                number = self._population.find_token(token)
                self._note(number, user, now, now)
                yield number

    def _note(self, token: int, user: int, asked: float, effective: float) -> None:
        self._row((next(self._numbers), token, user, asked, effective))
