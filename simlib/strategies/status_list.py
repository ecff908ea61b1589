"""Signed tokens with a place in a Token Status List (draft-ietf-oauth-status-list; S10 of strategies.csv)."""

from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar, NamedTuple

from simlib.scenario.effects import Call, Compute, Context, Failed, Flow, Once, Verdict
from simlib.scenario.messages import HttpRequest
from simlib.strategies.base import Bound, DeploymentConfig, PresentedToken, TokenFormat
from simlib.strategies.jwks_client import JwksClient, JwksSettings, KeyCache
from simlib.strategies.protocols import Endpoint, Issuer, Validator, Wrapper
from simlib.strategies.signing import name_verification
from simlib.strategies.status_list_server import (
    StatusIndexIssuer,
    StatusListEndpoint,
    StatusListSettings,
    read_status_reference,
)
from simlib.strategies.verdicts import confirm_verdict, refuse_invalid_token, refuse_unavailable
from simlib.strategies.wrappers import ValidatorWrapper, WrapperState
from simlib.tokens import (
    ALGORITHMS,
    SECRET_ALGORITHM,
    STATUS_LIST_TYPE,
    MalformedStatusList,
    SharedSecret,
    StatusList,
    Verification,
    VerificationKey,
    from_numeric_date,
    header_of,
    judge_time,
)

MEDIA_TYPE = "application/statuslist+jwt"
REQUIRED = ("iss", "sub", "iat", "exp", "status_list")


class StatusListWrapper(Wrapper):
    """One small download per TTL and replica tells of all revocations, and the AS never learns who presents what."""

    name: ClassVar[str] = "status_list"
    summary: ClassVar[str] = "revoked tokens as bits of a compressed list that each replica fetches and keeps"
    formats: ClassVar[frozenset[TokenFormat]] = frozenset({"jwt"})
    at_edge: ClassVar[bool] = False
    Settings: ClassVar[type[StatusListSettings]] = StatusListSettings

    @staticmethod
    def list_operations(settings: StatusListSettings, deployment: DeploymentConfig) -> frozenset[str]:
        """What it charges to a cost profile; the issuer knows the names of signing and verifying."""
        fetching = {"store.list", "status_list.build", "status_list.parse", "jwks.serve", "jwks.parse"}
        return frozenset({"cache.lookup", *fetching})

    @staticmethod
    def list_requirements(settings: StatusListSettings) -> frozenset[str]:
        """A server that signs the list."""
        return frozenset({"signing"})

    def __init__(self, settings: StatusListSettings, deployment: DeploymentConfig) -> None:
        self._settings = settings
        self._deployment = deployment

    def wrap_issuer(self, issuer: Issuer) -> Issuer:
        """Each token gets a place in a list."""
        return StatusIndexIssuer(issuer, self._settings, self._deployment)

    def wrap_endpoint(self, target: str, endpoint: Endpoint) -> Endpoint:
        """The server serves its lists."""
        return StatusListEndpoint(self._settings, self._deployment) if target == "status_list" else endpoint

    def wrap_validator(self, validator: Validator) -> Validator:
        """Each token's bit is looked at."""
        return _Looking(validator, self._settings, self._deployment)


class FetchedStatusList(NamedTuple):
    """A list as one replica holds it: made, to be fetched again, and no longer good at these instants (seconds)."""

    statuses: StatusList
    made_at: float
    fresh_until: float
    until: float


class StatusListCache:
    """The lists of one replica, when fetches of them failed, and the keys by which they are verified."""

    __slots__ = ("failed_at", "held", "keys")

    def __init__(self) -> None:
        self.held: dict[str, FetchedStatusList] = {}
        self.failed_at: dict[str, float] = {}
        self.keys = KeyCache()


class _ListKeys(JwksClient):
    """Keys of its own, fetched inside the one fetch of a list, which others wait for already."""

    def key(self, ctx: Context, state: KeyCache, kid: object) -> Flow[VerificationKey | None]:
        """The key of that name."""
        if not isinstance(kid, str):
            return None
        if ctx.now() >= state.until or state.keys.find(kid) is None:
            yield from self._fetch(ctx, state)
        return state.keys.find(kid) if ctx.now() < state.until else None


class _Looking(ValidatorWrapper):
    def __init__(self, inner: Validator, settings: StatusListSettings, deployment: DeploymentConfig) -> None:
        super().__init__(inner)
        self._settings = settings
        self._deployment = deployment
        self._leeway_s = inner.compute_bound().after_expiry_s
        self._keys = _ListKeys(JwksSettings(jwks_lifetime_s=settings.jwks_lifetime_s), settings.timeout_s)

    def compute_bound(self) -> Bound:
        """A list is used until its end; one that forgets too early leaves the bound to the validator inside."""
        inner, settings = self.inner.compute_bound(), self._settings
        if self._leeway_s > settings.leeway_s:
            return inner
        return inner._replace(after_revocation_s=min(settings.lifetime_s, inner.after_revocation_s))

    def create_wrapper_state(self) -> StatusListCache:
        """No list yet."""
        return StatusListCache()

    def validate(self, ctx: Context, state: WrapperState, presented: PresentedToken) -> Flow[Verdict]:
        """All other checks first, then the bit (section 8.3)."""
        verdict = yield from super().validate(ctx, state, presented)
        if not verdict.accepted:
            return verdict
        reference = read_status_reference(verdict.claims)
        if reference is None:
            return refuse_invalid_token("no_status", verdict.based_on)
        uri, index = reference
        yield Compute("cache.lookup")
        held = yield from self._list(ctx, state.own, uri)
        if held is None:
            return refuse_unavailable("no_status_list")
        if index >= len(held.statuses) or held.statuses.get(index):
            return refuse_invalid_token("status", max(verdict.based_on, held.made_at))
        return confirm_verdict(verdict, ctx.now(), self._leeway_s, held.made_at)

    def _list(self, ctx: Context, state: StatusListCache, uri: str) -> Flow[FetchedStatusList | None]:
        """The list that may be used now: fetched when it is not fresh, the old one when that fails."""
        held = state.held.get(uri)
        now = ctx.now()
        if (held is None or now >= held.fresh_until) and now >= state.failed_at.get(uri, -self._settings.retry_s):
            yield Once(("status_list", uri), partial(self._fetch, ctx, state, uri))
            held = state.held.get(uri)
        return held if held is not None and ctx.now() < held.until else None

    def _fetch(self, ctx: Context, state: StatusListCache, uri: str) -> Flow[None]:
        asked_at = ctx.now()
        request = HttpRequest(body=uri.encode(), accept=MEDIA_TYPE)  # the body stands for the path
        reply = yield Call("status_list", request, self._settings.timeout_s)
        fetched = None
        if not isinstance(reply, Failed) and reply.status == 200:
            fetched = yield from self._read(ctx, state, uri, reply.body, asked_at)
        if fetched is None:
            state.failed_at[uri] = ctx.now() + self._settings.retry_s
            return
        over = [name for name, held in state.held.items() if held.until <= ctx.now()]
        for name in over:
            del state.held[name]
        state.held[uri] = fetched

    def _read(
        self, ctx: Context, state: StatusListCache, uri: str, body: bytes, asked_at: float
    ) -> Flow[FetchedStatusList | None]:
        """What a Status List Token says, if it is our server's, about this list, and in time (section 8.3)."""
        token = body.decode(errors="replace")
        key = yield from self._key(ctx, state, header_of(token))
        if key is None:
            return None
        verification = Verification(
            token, key, (*ALGORITHMS, SECRET_ALGORITHM), self._deployment.issuer, None, STATUS_LIST_TYPE, REQUIRED
        )
        verified = yield Compute(name_verification(key.choice, self._deployment), verification)
        claims: Mapping[str, Any] | None = verified.claims
        if claims is None or claims["sub"] != uri or judge_time(claims, ctx.now(), self._leeway_s) is not None:
            return None
        statuses = yield Compute("status_list.parse", partial(_parse, claims, self._settings.limit_bytes))
        if statuses is None:
            return None
        until, made_at = from_numeric_date(claims["exp"]), from_numeric_date(claims["iat"])
        ttl = claims.get("ttl", self._settings.ttl_s)
        fresh_s = ttl if isinstance(ttl, int | float) and ttl > 0 else self._settings.ttl_s
        return FetchedStatusList(statuses, made_at, min(asked_at + fresh_s, until), until)

    def _key(
        self, ctx: Context, state: StatusListCache, header: Mapping[str, Any]
    ) -> Flow[VerificationKey | SharedSecret | None]:
        if header.get("alg") == SECRET_ALGORITHM:  # a server without a key pair signs lists with what it shares, too
            secret = self._deployment.shared_secret()
            return secret if header.get("kid") == secret.kid else None
        return (yield from self._keys.key(ctx, state.keys, header.get("kid")))


def _parse(claims: Mapping[str, Any], limit: int) -> StatusList | None:
    try:
        return StatusList.from_claim(claims["status_list"], limit)
    except MalformedStatusList:
        return None
