"""Token Status List at the resource server: the list is fetched, cached and looked up for signed tokens
(draft-ietf-oauth-status-list; S10 of data/evidence/strategies.csv)."""

import math
from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar, NamedTuple

from simlib.scenario.effects import Call, Compute, Context, Failed, Flow, Once, Reply, Verdict
from simlib.scenario.messages import HttpRequest
from simlib.strategies.base import (
    Bound,
    DeploymentConfig,
    PresentedToken,
    RequestDemand,
    ServerDependencies,
    ServerDependency,
)
from simlib.strategies.introspection_client import read_server_clock
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
    JWT,
    SECRET_ALGORITHM,
    STATUS_LIST_TYPE,
    MalformedStatusList,
    SharedSecret,
    StatusList,
    TokenFormat,
    Verification,
    VerificationKey,
    from_numeric_date,
    is_finite_number,
    judge_time,
    read_header,
)

MEDIA_TYPE = "application/statuslist+jwt"
WHOLE_SECOND_S = 1.0
"""Seconds by which a list may end early, because its times are rounded down."""
REQUIRED = ("iss", "sub", "iat", "exp", "status_list")


class StatusListWrapper(Wrapper):
    """One small download per TTL and replica covers all revocations, and the AS never learns which token is used."""

    name: ClassVar[str] = "status_list"
    summary: ClassVar[str] = "revoked tokens as bits of a compressed list that each replica fetches and keeps"
    formats: ClassVar[frozenset[TokenFormat]] = frozenset({JWT})
    at_edge: ClassVar[bool] = False
    learns_from_lists: ClassVar[bool] = True
    Settings: ClassVar[type[StatusListSettings]] = StatusListSettings

    @staticmethod
    def list_operations(settings: StatusListSettings, deployment: DeploymentConfig) -> frozenset[str]:
        """List its operations in a cost profile, without signing and verifying, which the issuer lists."""
        fetching = {"store.list", "status_list.build", "status_list.parse", "jwks.serve", "jwks.parse"}
        return frozenset({"cache.lookup", *fetching})

    @staticmethod
    def list_requirements(settings: StatusListSettings) -> frozenset[str]:
        """List a signing authorization server."""
        return frozenset({"signing"})

    def __init__(self, settings: StatusListSettings, deployment: DeploymentConfig) -> None:
        self._settings = settings
        self._deployment = deployment

    def wrap_issuer(self, issuer: Issuer) -> Issuer:
        """Wrap the issuer: each token gets an index in a list."""
        return StatusIndexIssuer(issuer, self._settings, self._deployment)

    def wrap_endpoint(self, target: str, endpoint: Endpoint) -> Endpoint:
        """Replace the endpoint that serves the lists."""
        return StatusListEndpoint(self._settings, self._deployment) if target == "status_list" else endpoint

    def wrap_validator(self, validator: Validator) -> Validator:
        """Wrap the validator: it reads the bit of each token."""
        return _StatusValidator(validator, self._settings, self._deployment)


class FetchedStatusList(NamedTuple):
    """A list in one replica: instants (seconds) at which it was made, is to be fetched again, and ends.

    All are by the clock of the replica, which counts from the Date of the answer that brought the list.
    """

    statuses: StatusList
    made_at: float
    fresh_until: float
    until: float


class StatusListCache:
    """Lists of one replica by URI, until when a failed fetch is not repeated, and the keys that verify lists."""

    __slots__ = ("keys", "lists", "pause_until")

    def __init__(self) -> None:
        self.lists: dict[str, FetchedStatusList] = {}
        self.pause_until: dict[str, float] = {}
        self.keys = KeyCache()


class _ListKeys(JwksClient):
    """Keys of its own, fetched inside the fetch of a list, which other requests share already."""

    def find_list_key(self, ctx: Context, state: KeyCache, kid: object) -> Flow[VerificationKey | None]:
        """Find the key of that name, fetched if needed."""
        if not isinstance(kid, str):
            return None
        if ctx.now() >= state.until or state.keys.find(kid) is None:
            yield from self._fetch(ctx, state)
        return state.keys.find(kid) if ctx.now() < state.until else None


class _StatusValidator(ValidatorWrapper):
    def __init__(self, inner: Validator, settings: StatusListSettings, deployment: DeploymentConfig) -> None:
        super().__init__(inner)
        self._settings = settings
        self._deployment = deployment
        self._leeway_s = inner.compute_bound().after_expiry_s
        self._keys = _ListKeys(JwksSettings(jwks_lifetime_s=settings.jwks_lifetime_s), settings.timeout_s)

    def compute_bound(self) -> Bound:
        """Compute the bound: a list is used until its end; that of the validator inside if entries end too early."""
        inner, settings = self.inner.compute_bound(), self._settings
        if self._leeway_s > settings.leeway_s:
            return inner
        return inner._replace(after_revocation_s=min(settings.lifetime_s, inner.after_revocation_s))

    def list_server_dependencies(self, demand: RequestDemand) -> ServerDependencies:
        """List the status list, which may be about to be fetched anew as an outage begins; its times are whole seconds.

        Left out: a list that the server has begun just before, of which a replica has none yet.
        """
        settings = self._settings
        gap_s = demand.longest_gap_s * math.ceil(demand.users / settings.entries)  # each list is fetched on its own
        lasts_s = math.floor(settings.lifetime_s) - WHOLE_SECOND_S - settings.ttl_s - gap_s
        return (
            *super().list_server_dependencies(demand),
            ServerDependency(max(lasts_s, 0.0), settings.ttl_s + gap_s),
        )

    def create_wrapper_state(self) -> StatusListCache:
        """Create an empty cache of lists."""
        return StatusListCache()

    def validate(self, ctx: Context, state: WrapperState, presented: PresentedToken) -> Flow[Verdict]:
        """Make all other checks first, then read the bit (section 8.3)."""
        verdict = yield from super().validate(ctx, state, presented)
        if not verdict.accepted:
            return verdict
        reference = read_status_reference(verdict.claims)
        if reference is None:
            return refuse_invalid_token("no_status", verdict.based_on)
        uri, index = reference
        yield Compute("cache.lookup")
        fetched_list = yield from self._find_list(ctx, state.own, uri)
        if fetched_list is None:
            return refuse_unavailable("no_status_list")
        if index >= len(fetched_list.statuses) or fetched_list.statuses.get(index):
            return refuse_invalid_token("status", max(verdict.based_on, fetched_list.made_at))
        return confirm_verdict(verdict, ctx.now(), self._leeway_s, fetched_list.made_at)

    def _find_list(self, ctx: Context, state: StatusListCache, uri: str) -> Flow[FetchedStatusList | None]:
        """Find the list to use now: fetched when the cached one is not fresh, the old one when that fails."""
        cached = state.lists.get(uri)
        now = ctx.now()
        if (cached is None or now >= cached.fresh_until) and now >= state.pause_until.get(uri, float("-inf")):
            yield Once(("status_list", uri), partial(self._fetch, ctx, state, uri))
            cached = state.lists.get(uri)
        return cached if cached is not None and ctx.now() < cached.until else None

    def _fetch(self, ctx: Context, state: StatusListCache, uri: str) -> Flow[None]:
        requested_at = ctx.now()
        request = HttpRequest(body=uri.encode(), accept=MEDIA_TYPE)  # the body stands for the path
        reply = yield Call("status_list", request, self._settings.timeout_s)
        fetched = None
        if not isinstance(reply, Failed) and reply.status == 200:
            fetched = yield from self._read(ctx, state, uri, reply, requested_at)
        if fetched is None:
            state.pause_until[uri] = ctx.now() + self._settings.retry_s
            return
        ended = [name for name, fetched_list in state.lists.items() if fetched_list.until <= ctx.now()]
        for name in ended:
            del state.lists[name]
        state.lists[uri] = fetched

    def _read(
        self, ctx: Context, state: StatusListCache, uri: str, reply: Reply, requested_at: float
    ) -> Flow[FetchedStatusList | None]:
        """Read a Status List Token if it is of the right issuer, about this list, and in time (section 8.3)."""
        token, clock = reply.body.decode(errors="replace"), read_server_clock(reply, requested_at, ctx.now())
        key = yield from self._find_key(ctx, state, read_header(token))
        if key is None:
            return None
        verification = Verification(
            token, key, (*ALGORITHMS, SECRET_ALGORITHM), self._deployment.issuer, None, STATUS_LIST_TYPE, REQUIRED
        )
        verified = yield Compute(name_verification(key.choice, self._deployment), verification)
        claims: Mapping[str, Any] | None = verified.claims
        now = ctx.now() + clock.least_lead_s  # by the clock of the server that has signed it
        if claims is None or claims["sub"] != uri or judge_time(claims, now) is not None:
            return None
        statuses = yield Compute("status_list.parse", partial(_parse, claims, self._settings.limit_bytes))
        if statuses is None:
            return None
        until, made_at = (from_numeric_date(claims[name]) - clock.most_lead_s for name in ("exp", "iat"))
        ttl = claims.get("ttl", self._settings.ttl_s)
        fresh_s = ttl if is_finite_number(ttl) and ttl > 0 else self._settings.ttl_s
        return FetchedStatusList(statuses, made_at, min(requested_at + fresh_s, until), until)

    def _find_key(
        self, ctx: Context, state: StatusListCache, header: Mapping[str, Any]
    ) -> Flow[VerificationKey | SharedSecret | None]:
        if header.get("alg") == SECRET_ALGORITHM:  # a server without a key pair signs lists with the shared secret too
            secret = self._deployment.shared_secret()
            return secret if header.get("kid") == secret.kid else None
        return (yield from self._keys.find_list_key(ctx, state.keys, header.get("kid")))


def _parse(claims: Mapping[str, Any], limit: int) -> StatusList | None:
    try:
        return StatusList.from_claim(claims["status_list"], limit)
    except MalformedStatusList:
        return None
