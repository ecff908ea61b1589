"""Split token: the client gets the signature of a JWT, the gateway the rest (S13 of data/evidence/strategies.csv).

The gateway's part of the split token: it puts signature and the rest together again.

How authorization server and gateway speak of the gateway's half of a split token.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from simlib.scenario.design import UserInformationSource
from simlib.scenario.effects import Call, Compute, Context, Failed, Flow, Once, Reply, Verdict
from simlib.scenario.messages import HttpRequest, SharedGet, SharedPut, StorePut, TokenRow
from simlib.strategies import refusals
from simlib.strategies.answer_caches import AnswerCache
from simlib.strategies.base import Bound, Deployment, Grant, Issued, Presented, TokenFormat
from simlib.strategies.checks import at_least, positive
from simlib.strategies.denylist_pushed import Pusher, pushed
from simlib.strategies.grant_details import claims_for
from simlib.strategies.introspection import Introspected, basic, exchange_for_jwt, judge
from simlib.strategies.reference_token import SigningReferenceToken, SigningReferenceTokenSettings
from simlib.tokens import ACCESS_TOKEN_TYPE, from_numeric_date, header_of, payload_of, store_key

REVOKED = ""
"""The half of a token that has been revoked."""

_KEY_LENGTH = 64


def shared_key(key: str) -> str:
    """Under which key of the shared store a half is; ``key`` is the hash of the client's half."""
    return f"split:{key}"


def read_half(head: str, now: float) -> Introspected | None:
    """What a half says, as the server would answer; None when it is none. ``now`` in seconds."""
    if head == REVOKED:
        return Introspected({"active": False}, now)
    claims = payload_of(f"{head}.signature")
    if claims is None or not _is_number(claims.get("exp")):
        return None
    issued = claims.get("iat")
    told_at = from_numeric_date(issued) if isinstance(issued, int | float) else now
    return Introspected({**claims, "active": True}, min(told_at, now), head)


def read_push(message: Mapping[str, Any], now: float) -> tuple[str, Introspected, float] | None:
    """Key, half and the instant (seconds) until which it is of use; None when the message is no such thing."""
    match message:
        case {"key": str(key), "head": str(head), "until": until} if len(key) == _KEY_LENGTH and _is_number(until):
            half = read_half(head, now)
            return None if half is None else (key, half, float(until))
    return None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


@dataclass(frozen=True)
class SplitTokenSettings(SigningReferenceTokenSettings):
    """``shared``: the gateway's half goes to the shared store instead of to each of its replicas.

    ``wait_for_push``: the client gets its half only when the gateways have theirs or have failed to take it; without
    it a client can be quicker than the push. ``timeout_s`` bounds one push.
    """

    shared: bool = False
    wait_for_push: bool = True
    timeout_s: float = 5.0

    def __post_init__(self) -> None:
        super().__post_init__()
        positive("timeout_s", self.timeout_s)


class SplitToken(SigningReferenceToken):
    """Neither half is worth anything alone; the server knows its tokens by the hash of the client's half."""

    name: ClassVar[str] = "split_token"
    summary: ClassVar[str] = "the client holds the signature of a JWT, the gateway is pushed header and payload"
    Settings: ClassVar[type[Any]] = SplitTokenSettings

    @staticmethod
    def operations(settings: SplitTokenSettings, deployment: Deployment) -> frozenset[str]:
        """What it charges to a cost profile."""
        pushing = frozenset() if settings.shared else Pusher.operations
        made = SigningReferenceToken.operations(settings, deployment) - {"opaque.issue"}
        return made | pushing | {"token.hash"}

    @staticmethod
    def needs(settings: SplitTokenSettings) -> frozenset[str]:
        """Somebody who puts the halves together."""
        return frozenset({"gateway:split_token"} | ({"shared_store"} if settings.shared else set()))

    def __init__(self, settings: SplitTokenSettings, deployment: Deployment) -> None:
        super().__init__(settings, deployment)
        self._settings = settings
        self._pusher = Pusher(deployment, "gateway", settings.timeout_s)

    def issue(self, ctx: Context, grant: Grant) -> Flow[Issued]:
        """Sign, write the row, hand the gateway its half, and the client the signature."""
        claims = claims_for(ctx, grant, self._deployment)
        signed = yield from self._signer(claims, ACCESS_TOKEN_TYPE)
        head, _, signature = signed.rpartition(".")
        key = yield Compute("token.hash", partial(store_key, signature))
        issued_at, expires_at = from_numeric_date(claims["iat"]), from_numeric_date(claims["exp"])
        yield Call("store", StorePut(key, self._row(grant, issued_at, expires_at)))
        yield from self._tell(key, head, expires_at)
        return Issued(signature, grant.subject, issued_at, expires_at)

    def inspect(self, ctx: Context, token: str) -> Flow[TokenRow | None]:
        """The row of a signature; a service that asks about the whole JWT means the one whose signature it has."""
        if header_of(token).get("kid") == self._key.kid:
            whole = yield from super().inspect(ctx, token)
            return None if whole is None else (yield from super().inspect(ctx, token.rpartition(".")[2]))
        return (yield from super().inspect(ctx, token))

    def revoke(self, ctx: Context, token: str) -> Flow[bool]:
        """Mark the row and take the gateway's half away; a gateway that does not hear of it goes on."""
        known = yield from super().revoke(ctx, token)
        if known:
            key = yield Compute("token.hash", partial(store_key, token))
            yield from self._tell(key, REVOKED, ctx.now() + self._deployment.token_lifetime_s)
        return known

    def _tell(self, key: str, head: str, until: float) -> Flow[None]:
        wait = self._settings.wait_for_push
        if self._settings.shared:
            yield Once(("push", key, head), partial(self._share, key, head, until), wait=wait)
        else:
            message = {"key": key, "head": head, "until": until}
            yield from self._pusher.push(message, f"{key} {len(head)}", wait)

    def _share(self, key: str, head: str, until: float) -> Flow[None]:
        yield Call("shared", SharedPut(shared_key(key), head.encode(), until), self._settings.timeout_s)


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
