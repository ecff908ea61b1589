"""Split token at the gateway: joins the signature that a client presents with header and payload from the server."""

from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from simlib.scenario.design import UserInformationSource
from simlib.scenario.effects import Call, Compute, Context, Failed, Flow, Once, Reply, Verdict
from simlib.scenario.messages import HttpRequest, SharedGet
from simlib.strategies.base import Bound, DeploymentConfig, PresentedToken
from simlib.strategies.introspection_cache import AnswerCache
from simlib.strategies.introspection_client import (
    Introspection,
    exchange_for_jwt,
    format_basic_authorization,
    judge_answer,
)
from simlib.strategies.server_push import receive_push
from simlib.strategies.settings_checks import check_numbers
from simlib.strategies.split_token import format_shared_key, read_half, read_push
from simlib.strategies.verdicts import refuse_invalid_token, refuse_missing_token, refuse_unavailable
from simlib.tokens import JWT, OPAQUE, TokenFormat, from_numeric_date, make_store_key


@dataclass(frozen=True)
class SplitTokenGatewaySettings:
    """``capacity``: how many halves a replica holds; the least recently used one goes first and is then unknown.

    ``shared``: halves are in the shared store, which is read at every request. ``ask``: for an unknown token a JWT is
    requested from the AS (after a lost or late push, or in a replica that has just started); without it the token is
    refused. ``timeout_s`` bounds one call, ``leeway_s`` is clock skew granted at expiry.
    """

    capacity: int = 100_000
    shared: bool = False
    ask: bool = False
    timeout_s: float = 10.0
    leeway_s: float = 0.0

    def __post_init__(self) -> None:
        check_numbers(self, positive=("timeout_s",), capacity=1, leeway_s=0)


class SplitTokenGateway:
    """Finds header and payload by the hash of the presented signature, without a call to the authorization server."""

    name: ClassVar[str] = "split_token"
    summary: ClassVar[str] = "signature from the client, header and payload from the AS beforehand, joined into a JWT"
    token_format: ClassVar[TokenFormat | None] = OPAQUE
    forwards: ClassVar[TokenFormat] = JWT
    user_information_sources: ClassVar[tuple[UserInformationSource, ...]] = ("token", "userinfo")
    caches_answers: ClassVar[bool] = True
    Settings: ClassVar[type[SplitTokenGatewaySettings]] = SplitTokenGatewaySettings

    @staticmethod
    def list_operations(settings: SplitTokenGatewaySettings, deployment: DeploymentConfig) -> frozenset[str]:
        """List its operations in a cost profile."""
        look_up = {"json.decode"} if settings.shared else {"json.decode", "cache.lookup", "client.authenticate"}
        return frozenset({"token.hash", "claims.check"} | look_up | ({"form.encode"} if settings.ask else set()))

    @staticmethod
    def list_requirements(settings: SplitTokenGatewaySettings) -> frozenset[str]:
        """List the issuer that splits tokens."""
        return frozenset({"issuer:split_token"} | ({"shared_store"} if settings.shared else set()))

    def __init__(self, settings: SplitTokenGatewaySettings, deployment: DeploymentConfig) -> None:
        self._settings = settings
        self._deployment = deployment
        self._authorization = format_basic_authorization(deployment.resource_server)

    @property
    def asks_authorization_server(self) -> bool:
        """Whether an unknown token is introspected."""
        return self._settings.ask

    def compute_bound(self) -> Bound:
        """Compute the bound: the push of a removal may be lost, and then the token is accepted until it ends."""
        leeway = self._settings.leeway_s
        return Bound(leeway, self._deployment.token_lifetime_s + leeway)

    def create_state(self) -> AnswerCache:
        """Create an empty cache of halves."""
        return AnswerCache(self._settings.capacity)

    def validate(self, ctx: Context, state: AnswerCache, presented: PresentedToken) -> Flow[Verdict]:
        """Find the other half, judge its claims, and join them."""
        token = presented.token
        if not token:
            return refuse_missing_token()
        key = yield Compute("token.hash", partial(make_store_key, token))
        half = yield from (self._read_shared(ctx, key) if self._settings.shared else self._look_up(ctx, state, key))
        if half is None and self._settings.ask:
            half = yield Once(("introspect", key), partial(self._introspect, ctx, state, key, token))
        if isinstance(half, Failed):
            return refuse_unavailable("half_token_" + half.reason)
        if half is None:
            return refuse_invalid_token("unknown_token")
        yield Compute("claims.check")
        verdict = judge_answer(half, ctx.now(), self._settings.leeway_s, presented.scope, self._deployment)
        return verdict._replace(forward=_join(half.text, token)) if verdict.accepted else verdict

    def receive(self, ctx: Context, state: AnswerCache, request: HttpRequest) -> Flow[Reply]:
        """Receive a half. A revoked token stays revoked, even if its half arrives after the removal."""
        message = yield from receive_push(request, self._deployment)
        if isinstance(message, Reply):
            return message
        push = read_push(message, ctx.now())
        if push is None:
            return Reply(400)
        key, half, until = push
        yield Compute("cache.lookup")
        cached = state.get(key, ctx.now())
        if cached is None or cached.answer["active"] is True:
            state.put(key, half, until + self._settings.leeway_s)
        return Reply(204)

    def _look_up(self, ctx: Context, state: AnswerCache, key: str) -> Flow[Introspection | None]:
        yield Compute("cache.lookup")
        return state.get(key, ctx.now())

    def _read_shared(self, ctx: Context, key: str) -> Flow[Introspection | Failed | None]:
        value: Any = yield Call("shared", SharedGet(format_shared_key(key)), self._settings.timeout_s)
        if not isinstance(value, bytes):
            missing: Failed | None = value
            return missing
        half: Introspection | None = yield Compute("json.decode", lambda: read_half(value.decode(), ctx.now()))
        return half

    def _introspect(self, ctx: Context, state: AnswerCache, key: str, token: str) -> Flow[Introspection | Failed]:
        """Exchange the token for a whole JWT, which is cached in place of the missing half."""
        result = yield from exchange_for_jwt(ctx, self._authorization, token, self._settings.timeout_s)
        expiry = result.answer.get("exp") if isinstance(result, Introspection) else None
        if isinstance(result, Introspection) and isinstance(expiry, int | float) and not self._settings.shared:
            cached = state.get(key, ctx.now())
            if cached is None:
                state.put(key, result, from_numeric_date(expiry) + self._settings.leeway_s)
        return result


def _join(text: str, token: str) -> str:
    """Join header and payload with the signature; a whole JWT stays as it is."""
    return text if text.count(".") == 2 else f"{text}.{token}"
