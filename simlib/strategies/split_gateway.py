"""The gateway's part of the split token: it puts signature and the rest together again."""

from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from simlib.scenario.design import UserInformationSource
from simlib.scenario.effects import Call, Compute, Context, Failed, Flow, Once, Reply
from simlib.scenario.messages import HttpRequest, SharedGet
from simlib.scenario.verdict import Verdict
from simlib.strategies import refusals
from simlib.strategies.answer_cache import AnswerCache
from simlib.strategies.base import Bound, Deployment, Presented, TokenFormat
from simlib.strategies.checks import at_least, positive
from simlib.strategies.introspection import Introspected, basic, judge
from simlib.strategies.pushing import pushed
from simlib.strategies.signed_answers import exchange_for_jwt
from simlib.strategies.split_messages import read_half, read_push, shared_key
from simlib.tokens import from_numeric_date, store_key


@dataclass(frozen=True)
class SplitGatewaySettings:
    """``capacity``: how many halves a replica holds; the least recently used one goes first and is then unknown.

    ``shared``: halves are in the shared store, which is asked at every request. ``ask``: about an unknown token the AS
    is asked for a JWT (after a lost or late push, or in a replica that has just started); without it the token is
    refused. ``timeout_s`` bounds one call, ``leeway_s`` is clock skew granted at expiry.
    """

    capacity: int = 100_000
    shared: bool = False
    ask: bool = False
    timeout_s: float = 10.0
    leeway_s: float = 0.0

    def __post_init__(self) -> None:
        at_least("capacity", self.capacity, 1)
        positive("timeout_s", self.timeout_s)
        at_least("leeway_s", self.leeway_s, 0)


class SplitGateway:
    """Finds header and payload by the hash of the presented signature; asks nobody on the way of a request."""

    name: ClassVar[str] = "split_token"
    summary: ClassVar[str] = "signature from the client, header and payload from the AS beforehand, joined into a JWT"
    token_format: ClassVar[TokenFormat | None] = "opaque"
    forwards: ClassVar[TokenFormat] = "jwt"
    user_information_sources: ClassVar[tuple[UserInformationSource, ...]] = ("token", "userinfo")
    caches_answers: ClassVar[bool] = True
    Settings: ClassVar[type[SplitGatewaySettings]] = SplitGatewaySettings

    @staticmethod
    def operations(settings: SplitGatewaySettings, deployment: Deployment) -> frozenset[str]:
        """What it charges to a cost profile."""
        finding = {"json.decode"} if settings.shared else {"json.decode", "cache.lookup", "client.authenticate"}
        return frozenset({"token.hash", "claims.check"} | finding | ({"form.encode"} if settings.ask else set()))

    @staticmethod
    def needs(settings: SplitGatewaySettings) -> frozenset[str]:
        """Somebody who splits tokens."""
        return frozenset({"issuer:split_token"} | ({"shared_store"} if settings.shared else set()))

    def __init__(self, settings: SplitGatewaySettings, deployment: Deployment) -> None:
        self._settings = settings
        self._deployment = deployment
        self._authorization = basic(deployment.resource_server)

    @property
    def asks_authorization_server(self) -> bool:
        """Whether a token that is unknown here is asked about."""
        return self._settings.ask

    def bound(self) -> Bound:
        """A removal is pushed without any guarantee that it arrives: if it does not, the token lives out its life."""
        leeway = self._settings.leeway_s
        return Bound(leeway, self._deployment.token_lifetime_s + leeway)

    def initial_state(self) -> AnswerCache:
        """No halves yet."""
        return AnswerCache(self._settings.capacity)

    def validate(self, ctx: Context, state: AnswerCache, presented: Presented) -> Flow[Verdict]:
        """Find the other half, judge what it says, and join them."""
        token = presented.token
        if not token:
            return refusals.no_token()
        key = yield Compute("token.hash", partial(store_key, token))
        half = yield from (self._shared(ctx, key) if self._settings.shared else self._held(ctx, state, key))
        if half is None and self._settings.ask:
            half = yield Once(("introspect", key), partial(self._ask, ctx, state, key, token))
        if isinstance(half, Failed):
            return refusals.cannot_tell("half_token_" + half.reason)
        if half is None:
            return refusals.invalid_token("unknown_token")
        yield Compute("claims.check")
        verdict = judge(half, ctx.now(), self._settings.leeway_s, presented.scope, self._deployment)
        return verdict._replace(forward=_joined(half.text, token)) if verdict.accepted else verdict

    def receive(self, ctx: Context, state: AnswerCache, request: HttpRequest) -> Flow[Reply]:
        """Take in a half. What has been revoked stays so, even if its half comes later than that news."""
        message = yield from pushed(request, self._deployment)
        if isinstance(message, Reply):
            return message
        found = read_push(message, ctx.now())
        if found is None:
            return Reply(400)
        key, half, until = found
        yield Compute("cache.lookup")
        held = state.get(key, ctx.now())
        if held is None or held.answer["active"] is True:
            state.put(key, half, until + self._settings.leeway_s)
        return Reply(204)

    def _held(self, ctx: Context, state: AnswerCache, key: str) -> Flow[Introspected | None]:
        yield Compute("cache.lookup")
        return state.get(key, ctx.now())

    def _shared(self, ctx: Context, key: str) -> Flow[Introspected | Failed | None]:
        value: Any = yield Call("shared", SharedGet(shared_key(key)), self._settings.timeout_s)
        if not isinstance(value, bytes):
            no_half: Failed | None = value
            return no_half
        half: Introspected | None = yield Compute("json.decode", lambda: read_half(value.decode(), ctx.now()))
        return half

    def _ask(self, ctx: Context, state: AnswerCache, key: str, token: str) -> Flow[Introspected | Failed]:
        """A whole JWT from the server, kept in the place of the half that did not come."""
        asked = yield from exchange_for_jwt(ctx, self._authorization, token, self._settings.timeout_s)
        expiry = asked.answer.get("exp") if isinstance(asked, Introspected) else None
        if isinstance(asked, Introspected) and isinstance(expiry, int | float) and not self._settings.shared:
            held = state.get(key, ctx.now())
            if held is None:
                state.put(key, asked, from_numeric_date(expiry) + self._settings.leeway_s)
        return asked


def _joined(text: str, token: str) -> str:
    """Header and payload with the signature; a JWT that came as a whole stays as it is."""
    return text if text.count(".") == 2 else f"{text}.{token}"
