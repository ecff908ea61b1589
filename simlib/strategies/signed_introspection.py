"""Opaque token, introspected at every request, with signed answers (RFC 9701; S15 of data/evidence/strategies.csv)."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, ClassVar

from simlib.scenario.design import UserInformationSource
from simlib.scenario.effects import Compute, Context, Failed, Flow, Verdict
from simlib.strategies.base import Bound, DeploymentConfig, PresentedToken, TokenFormat
from simlib.strategies.call_interception import find_request_time
from simlib.strategies.introspection_client import (
    IntrospectionResult,
    format_basic_authorization,
    judge_answer,
    request_introspection,
)
from simlib.strategies.jwks_client import JwksClient, JwksSettings, KeyCache
from simlib.strategies.settings_checks import check_at_least, check_one_of, check_positive
from simlib.strategies.signing import name_verification
from simlib.strategies.verdicts import refuse_missing_token, refuse_unavailable
from simlib.tokens import (
    ALGORITHMS,
    INTROSPECTION_CLAIMS,
    INTROSPECTION_TYPE,
    Verification,
    VerificationKey,
    header_of,
)


@dataclass(frozen=True)
class SignedIntrospectionSettings(JwksSettings):
    """``algorithms``: what is accepted as the signature of an answer. ``timeout_s`` bounds the answer, and the fetch of
    a key that it may take; ``leeway_s`` is clock skew granted at expiry. The others say how the key set is looked
    after, see `simlib.strategies.jwks_client.JwksSettings`.
    """

    algorithms: tuple[str, ...] = ALGORITHMS
    timeout_s: float = 10.0
    leeway_s: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        for algorithm in self.algorithms:
            check_one_of("algorithms", algorithm, ALGORITHMS)
        check_positive("timeout_s", self.timeout_s)
        check_at_least("leeway_s", self.leeway_s, 0)


class SignedIntrospection:
    """Asks at every request, and believes only an answer that the authorization server has signed for this asker."""

    name: ClassVar[str] = "signed_introspection"
    summary: ClassVar[str] = "opaque token, the AS is asked about it at every request and signs its answers (RFC 9701)"
    token_format: ClassVar[TokenFormat | None] = "opaque"
    user_information_sources: ClassVar[tuple[UserInformationSource, ...]] = ("introspection", "userinfo")
    caches_answers: ClassVar[bool] = False
    asks_authorization_server: ClassVar[bool] = True
    Settings: ClassVar[type[SignedIntrospectionSettings]] = SignedIntrospectionSettings

    @staticmethod
    def list_operations(settings: SignedIntrospectionSettings, deployment: DeploymentConfig) -> frozenset[str]:
        """What it charges to a cost profile, with any of the accepted algorithms that its issuer charges as well."""
        return frozenset({"form.encode", "claims.check", "jwks.serve", "jwks.parse"})

    @staticmethod
    def list_requirements(settings: SignedIntrospectionSettings) -> frozenset[str]:
        """An authorization server that signs."""
        return frozenset({"signing"})

    def __init__(self, settings: SignedIntrospectionSettings, deployment: DeploymentConfig) -> None:
        self._settings = settings
        self._deployment = deployment
        self._authorization = format_basic_authorization(deployment.resource_server)
        self._keys = JwksClient(settings, settings.timeout_s)
        self._name_verification = lru_cache(maxsize=16)(partial(name_verification, deployment=deployment))

    def compute_bound(self) -> Bound:
        """Nothing is kept, so only an answer that is still on its way can be out of date."""
        settings = self._settings
        return Bound(settings.leeway_s, min(settings.timeout_s, self._deployment.token_lifetime_s + settings.leeway_s))

    def create_state(self) -> KeyCache:
        """No keys yet."""
        return KeyCache()

    def validate(self, ctx: Context, state: KeyCache, presented: PresentedToken) -> Flow[Verdict]:
        """Ask, verify the answer, judge what it says."""
        if not presented.token:
            return refuse_missing_token()
        asked = yield from self._ask(ctx, state, presented.token)
        if isinstance(asked, Verdict):
            return asked
        yield Compute("claims.check")
        return judge_answer(asked, ctx.now(), self._settings.leeway_s, presented.scope, self._deployment)

    def _ask(self, ctx: Context, state: KeyCache, token: str) -> Flow[IntrospectionResult | Verdict]:
        """What a signed answer says, or the refusal when there is none that can be believed."""
        if not (yield from self._keys.ensure_key_set(ctx, state)):
            return refuse_unavailable("no_keys")
        asked_at, accept = ctx.now(), f"application/{INTROSPECTION_TYPE}"
        reply = yield from request_introspection(ctx, self._authorization, token, self._settings.timeout_s, accept)
        if isinstance(reply, Failed):
            return refuse_unavailable("introspection_" + reply.reason)
        if reply.status != 200:
            return refuse_unavailable("introspection_status")
        asked_at = find_request_time(reply, asked_at)
        answer = reply.body.decode("ascii", "replace") if isinstance(reply.body, bytes) else ""
        key = yield from self._keys.find_key(ctx, state, header_of(answer).get("kid"))
        if ctx.now() > asked_at + self._settings.timeout_s:  # too old by the time that its key was there
            return refuse_unavailable("introspection_timed_out")
        said = None if key is None else (yield from self._read(answer, key))
        return refuse_unavailable("introspection_signature") if said is None else IntrospectionResult(said, asked_at)

    def _read(self, answer: str, key: VerificationKey) -> Flow[Mapping[str, Any] | None]:
        """What the answer says of the token; None unless it is signed, of the right type, and made for us."""
        ours, settings = self._deployment.resource_server.client_id, self._settings
        verification = Verification(
            answer,
            key,
            settings.algorithms,
            self._deployment.issuer,
            ours,
            INTROSPECTION_TYPE,
            INTROSPECTION_CLAIMS,
        )
        verified = yield Compute(self._name_verification(key.choice), verification)
        said = verified.claims["token_introspection"] if verified.claims is not None else None
        return said if isinstance(said, dict) else None
