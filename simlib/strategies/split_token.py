"""Split token: the client gets the signature of a JWT, the gateway the rest (S13 of data/evidence/strategies.csv).

The authorization server sends header and payload to the gateway, which joins the signature that a client presents with
them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from math import isfinite
from typing import Any, ClassVar

from simlib.scenario.design import UserInformationSource
from simlib.scenario.effects import Call, Compute, Context, Failed, Flow, Once, Reply, Verdict
from simlib.scenario.messages import HttpRequest, SharedGet, SharedPut, StorePut, TokenRow
from simlib.strategies.base import (
    CALLED_FOR_NEW_TOKENS,
    Bound,
    DeploymentConfig,
    Grant,
    Issued,
    PresentedToken,
    RequestDemand,
    ServerDependencies,
    check_numbers,
)
from simlib.strategies.caches import AnswerCache
from simlib.strategies.introspection_client import (
    Introspection,
    exchange_for_jwt,
    format_basic_authorization,
    judge_answer,
)
from simlib.strategies.issuing import build_claims
from simlib.strategies.reference_token import SigningReferenceToken, SigningReferenceTokenSettings
from simlib.strategies.server_push import Pusher, receive_push
from simlib.strategies.verdicts import refuse_invalid_token, refuse_missing_token, refuse_unavailable
from simlib.tokens import (
    ACCESS_TOKEN_TYPE,
    JWT,
    OPAQUE,
    TokenFormat,
    from_numeric_date,
    is_finite_number,
    make_store_key,
    read_header,
    read_payload,
)

REVOKED = ""
"""The half of a token that has been revoked."""

_KEY_LENGTH = 64
_ANY_SIGNATURE = "AAAA"
"""In place of the one that the client holds, for a reader of whole tokens."""


@dataclass(frozen=True)
class SplitTokenIssuerSettings(SigningReferenceTokenSettings):
    """``shared``: the gateway's half goes to the shared store instead of to each of its replicas.

    ``wait_for_push``: the client gets its half only when the gateways have theirs or the push has failed; without it
    a client can be faster than the push. ``timeout_s`` bounds one push.
    """

    shared: bool = False
    wait_for_push: bool = True
    timeout_s: float = 5.0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_numbers(self, positive=("timeout_s",))


class SplitTokenIssuer(SigningReferenceToken):
    """Neither half is valid alone; the server finds its tokens by the hash of the client's half."""

    name: ClassVar[str] = "split_token"
    summary: ClassVar[str] = "the client holds the signature of a JWT, the gateway is pushed header and payload"
    Settings: ClassVar[type[Any]] = SplitTokenIssuerSettings

    @staticmethod
    def list_operations(settings: SplitTokenIssuerSettings, deployment: DeploymentConfig) -> frozenset[str]:
        """List its operations in a cost profile."""
        pushing = frozenset() if settings.shared else Pusher.operations
        signing = SigningReferenceToken.list_operations(settings, deployment) - {"opaque.issue"}
        return signing | pushing | {"token.hash"}

    @staticmethod
    def list_requirements(settings: SplitTokenIssuerSettings) -> frozenset[str]:
        """List the gateway that joins the halves."""
        return frozenset({"gateway:split_token"} | ({"shared_store"} if settings.shared else set()))

    def __init__(self, settings: SplitTokenIssuerSettings, deployment: DeploymentConfig) -> None:
        super().__init__(settings, deployment)
        self._settings = settings
        self._pusher = Pusher(deployment, "gateway", settings.timeout_s)

    def issue(self, ctx: Context, grant: Grant) -> Flow[Issued]:
        """Sign, write the row, send the gateway its half, and the client the signature."""
        claims = build_claims(ctx, grant, self._deployment)
        signed = yield from self._signer(claims, ACCESS_TOKEN_TYPE)
        head, _, signature = signed.rpartition(".")
        key = yield Compute("token.hash", partial(make_store_key, signature))
        issued_at, expires_at = from_numeric_date(claims["iat"]), from_numeric_date(claims["exp"])
        yield Call("store", StorePut(key, self._build_row(grant, issued_at, expires_at)))
        yield from self._send_half(ctx, key, head, expires_at)
        return Issued(signature, grant.subject, issued_at, expires_at)

    def inspect(self, ctx: Context, token: str) -> Flow[TokenRow | None]:
        """Find the row of a signature; a whole JWT, as services have it, stands for the row of its signature."""
        if read_header(token).get("kid") == self._key.kid:
            whole = yield from super().inspect(ctx, token)
            return None if whole is None else (yield from super().inspect(ctx, token.rpartition(".")[2]))
        return (yield from super().inspect(ctx, token))

    def revoke(self, ctx: Context, token: str) -> Flow[bool]:
        """Mark the row and remove the gateway's half; a gateway that the push does not reach still accepts."""
        was_found = yield from super().revoke(ctx, token)
        if was_found:
            key = yield Compute("token.hash", partial(make_store_key, token))
            yield from self._send_half(ctx, key, REVOKED, ctx.now() + self._deployment.token_lifetime_s)
        return was_found

    def _send_half(self, ctx: Context, key: str, head: str, until: float) -> Flow[None]:
        wait = self._settings.wait_for_push
        if self._settings.shared:
            yield Once(("push", key, head), partial(self._store_half, ctx, key, head, until), wait=wait)
        else:
            message = {"key": key, "head": head, "until": until}
            yield from self._pusher.push(message, f"{key} {len(head)}", wait)

    def _store_half(self, ctx: Context, key: str, head: str, until: float) -> Flow[None]:
        put = SharedPut(format_shared_key(key), head.encode(), until - ctx.now())
        yield Call("shared", put, self._settings.timeout_s)


def format_shared_key(key: str) -> str:
    """Format the key of the shared store for a half; ``key`` is the hash of the client's half."""
    return f"split:{key}"


def read_half(head: str, now: float) -> Introspection | None:
    """Read a half as an introspection result; None when it is malformed. ``now`` in seconds."""
    if head == REVOKED:
        return Introspection({"active": False}, now)
    claims = read_payload(f"{head}.{_ANY_SIGNATURE}")
    if claims is None or not is_finite_number(claims.get("exp")):
        return None
    issued = claims.get("iat")
    issued_at = from_numeric_date(issued) if is_finite_number(issued) else now
    return Introspection({**claims, "active": True}, min(issued_at, now), head)


def read_push(message: Mapping[str, Any], now: float) -> tuple[str, Introspection, float] | None:
    """Read key, half and its end (seconds) from a push; None when the message is malformed."""
    match message:
        case {"key": str(key), "head": str(head), "until": until} if len(key) == _KEY_LENGTH:
            half = read_half(head, now) if is_finite_number(until) else None
            return None if half is None else (key, half, float(until))
    return None


@dataclass(frozen=True)
class SplitTokenGatewaySettings:
    """``capacity``: how many halves a replica holds; the least recently used one goes first and is then unknown.

    ``shared``: halves are in the shared store, which is read at every request. ``ask``: for an unknown token a JWT is
    requested from the AS (after a lost or late push, or in a replica that has just started); without it the token is
    refused. ``timeout_s`` bounds one call, ``leeway_s`` is clock skew granted at exp, which the own clock judges: a
    half is a token that was pushed and no answer about one. Its iat is not looked at, because the AS has sent it.
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
        """Compute the bound: the push of a removal may be lost, and then the token is accepted until it ends.

        An answer of the server, where it is called, may be in transit when the token ends.
        """
        settings = self._settings
        transit_s = settings.timeout_s if settings.ask else 0.0
        lifetime = self._deployment.token_lifetime_s
        return Bound(settings.leeway_s + transit_s, max(lifetime + settings.leeway_s, transit_s))

    def list_server_dependencies(self, demand: RequestDemand) -> ServerDependencies:
        """List the call for tokens without a half, where one is made; halves are pushed before tokens are used."""
        return (CALLED_FOR_NEW_TOKENS,) if self._settings.ask else ()

    @property
    def capacity(self) -> int | None:
        """Number of tokens for which a replica has room; the shared store has no bound."""
        return None if self._settings.shared else self._settings.capacity

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
        verdict = judge_answer(half, ctx.now(), presented.scope, self._deployment, self._settings.leeway_s)
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
        if isinstance(result, Introspection) and isfinite(result.earliest_expiry) and not self._settings.shared:
            cached = state.get(key, ctx.now())
            if cached is None:
                state.put(key, result, result.earliest_expiry + self._settings.leeway_s)
        return result


def _join(text: str, token: str) -> str:
    """Join header and payload with the signature; a whole JWT stays as it is."""
    return text if text.count(".") == 2 else f"{text}.{token}"
