"""Opaque tokens, introspected at every request with signed answers (RFC 9701; S15 of data/evidence/strategies.csv)."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, ClassVar

from simlib.scenario.design import UserInformationSource
from simlib.scenario.effects import Compute, Context, Failed, Flow, Verdict
from simlib.strategies.base import (
    Bound,
    DeploymentConfig,
    PresentedToken,
    RequestDemand,
    ServerDependencies,
    ServerDependency,
    check_each_of,
    check_numbers,
)
from simlib.strategies.call_interception import find_request_time
from simlib.strategies.introspection_client import (
    Introspection,
    compute_expiry_bound,
    find_own_leeway,
    format_basic_authorization,
    judge_answer,
    read_server_clock,
    request_introspection,
)
from simlib.strategies.jwks_client import JwksClient, JwksSettings, KeyCache
from simlib.strategies.signing import name_verification
from simlib.strategies.verdicts import refuse_missing_token, refuse_unavailable
from simlib.tokens import (
    ALGORITHMS,
    INTROSPECTION_CLAIMS,
    INTROSPECTION_TYPE,
    OPAQUE,
    TokenFormat,
    Verification,
    VerificationKey,
    read_header,
)


@dataclass(frozen=True)
class SignedIntrospectionSettings(JwksSettings):
    """``algorithms``: what is accepted as the signature of an answer. ``timeout_s`` bounds the answer, and the fetch of
    a key that it may take. ``own_clock``: the part compares ``exp`` and ``nbf`` of the token with its own clock as
    well, with ``leeway_s`` for clock skew; without it ``active`` decides, by the clock of the AS, and ``leeway_s`` has
    no effect. The others are about the key set, see `simlib.strategies.jwks_client.JwksSettings`.
    """

    algorithms: tuple[str, ...] = ALGORITHMS
    timeout_s: float = 10.0
    leeway_s: float = 0.0
    own_clock: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        check_each_of("algorithms", self.algorithms, ALGORITHMS)
        check_numbers(self, positive=("timeout_s",), leeway_s=0)


class SignedIntrospection:
    """Introspects at every request, and accepts only an answer that is signed for this client."""

    name: ClassVar[str] = "signed_introspection"
    summary: ClassVar[str] = "opaque token, introspected at the AS at every request, with signed answers (RFC 9701)"
    token_format: ClassVar[TokenFormat | None] = OPAQUE
    user_information_sources: ClassVar[tuple[UserInformationSource, ...]] = ("introspection", "userinfo")
    caches_answers: ClassVar[bool] = False
    asks_authorization_server: ClassVar[bool] = True
    Settings: ClassVar[type[SignedIntrospectionSettings]] = SignedIntrospectionSettings

    @staticmethod
    def list_operations(settings: SignedIntrospectionSettings, deployment: DeploymentConfig) -> frozenset[str]:
        """List its operations in a cost profile, without the verification, which the issuer lists."""
        return frozenset({"form.encode", "claims.check", "jwks.serve", "jwks.parse"})

    @staticmethod
    def list_requirements(settings: SignedIntrospectionSettings) -> frozenset[str]:
        """List a signing authorization server."""
        return frozenset({"signing"})

    def __init__(self, settings: SignedIntrospectionSettings, deployment: DeploymentConfig) -> None:
        self._settings = settings
        self._deployment = deployment
        self._authorization = format_basic_authorization(deployment.resource_server)
        self._keys = JwksClient(settings, settings.timeout_s)
        self._name_verification = lru_cache(maxsize=16)(partial(name_verification, deployment=deployment))

    def compute_bound(self) -> Bound:
        """Compute the bound: nothing is cached, so only an answer that is still in transit can be out of date."""
        settings = self._settings
        expiry_s = compute_expiry_bound(settings)
        return Bound(expiry_s, min(settings.timeout_s, self._deployment.token_lifetime_s + expiry_s))

    def list_server_dependencies(self, demand: RequestDemand) -> ServerDependencies:
        """List introspection at every request, and the key set."""
        return (ServerDependency(0.0, demand.longest_gap_s), self._keys.find_server_dependency(demand))

    def create_state(self) -> KeyCache:
        """Create an empty key cache."""
        return KeyCache()

    def validate(self, ctx: Context, state: KeyCache, presented: PresentedToken) -> Flow[Verdict]:
        """Introspect, verify the answer, judge its content."""
        if not presented.token:
            return refuse_missing_token()
        result = yield from self._introspect(ctx, state, presented.token)
        if isinstance(result, Verdict):
            return result
        yield Compute("claims.check")
        own_leeway = find_own_leeway(self._settings)
        return judge_answer(result, ctx.now(), presented.scope, self._deployment, own_leeway=own_leeway)

    def _introspect(self, ctx: Context, state: KeyCache, token: str) -> Flow[Introspection | Verdict]:
        """Request a signed answer; returns its content, or the refusal when it cannot be verified."""
        if not (yield from self._keys.ensure_key_set(ctx, state)):
            return refuse_unavailable("no_keys")
        requested_at, accept = ctx.now(), f"application/{INTROSPECTION_TYPE}"
        reply = yield from request_introspection(ctx, self._authorization, token, self._settings.timeout_s, accept)
        if isinstance(reply, Failed):
            return refuse_unavailable("introspection_" + reply.reason)
        if reply.status != 200:
            return refuse_unavailable("introspection_status")
        requested_at = find_request_time(reply, requested_at)
        clock = read_server_clock(reply, requested_at, ctx.now())
        answer = reply.body.decode("ascii", "replace") if isinstance(reply.body, bytes) else ""
        key = yield from self._keys.find_key(ctx, state, read_header(answer).get("kid"))
        if ctx.now() > requested_at + self._settings.timeout_s:  # too old by the time that its key was there
            return refuse_unavailable("introspection_timed_out")
        content = None if key is None else (yield from self._read(answer, key))
        if content is None:
            return refuse_unavailable("introspection_signature")
        return Introspection(content, requested_at, clock=clock)

    def _read(self, answer: str, key: VerificationKey) -> Flow[Mapping[str, Any] | None]:
        """Read the content of an answer; None unless it is signed, of the right type, and for this client."""
        client_id, settings = self._deployment.resource_server.client_id, self._settings
        verification = Verification(
            answer,
            key,
            settings.algorithms,
            self._deployment.issuer,
            client_id,
            INTROSPECTION_TYPE,
            INTROSPECTION_CLAIMS,
        )
        verified = yield Compute(self._name_verification(key.choice), verification)
        content = verified.claims["token_introspection"] if verified.claims is not None else None
        return content if isinstance(content, dict) else None
