"""Vulnerable parts for opaque tokens: an issuer and validators that each leave out one check of a secure one."""

from functools import partial
from itertools import count
from typing import Any, ClassVar

from simlib.scenario.effects import Compute, Context, Failed, Flow, Verdict
from simlib.strategies.base import Bound, DeploymentConfig, PresentedToken
from simlib.strategies.caches import ExpiringCache
from simlib.strategies.introspection_client import introspect
from simlib.strategies.opaque_cached import OpaqueCachedSettings
from simlib.strategies.opaque_introspection import OpaqueIntrospection, OpaqueIntrospectionSettings
from simlib.strategies.reference_token import ReferenceToken
from simlib.strategies.verdicts import refuse_missing_token, refuse_unavailable
from simlib.tokens import make_opaque_token, make_store_key

FIRST = 4_711


class CountedReference(ReferenceToken):
    """Tokens are counted instead of drawn, so that one token reveals the next (RFC 6749 section 10.10)."""

    name: ClassVar[str] = "counted_reference"
    summary: ClassVar[str] = "vulnerable: opaque references are consecutive numbers"
    refused: ClassVar[str] = "tokens could be guessed from one token (RFC 6749 section 10.10); use reference_token"

    instead: ClassVar[str] = "reference_token"

    def __init__(self, settings: Any, deployment: DeploymentConfig) -> None:
        super().__init__(settings, deployment)
        self._numbers = count(FIRST)

    def _make_token(self, entropy: bytes) -> Flow[tuple[str, str]]:
        token = make_opaque_token(next(self._numbers).to_bytes(len(entropy), "big"))
        key: str = yield Compute("opaque.issue", partial(make_store_key, token))
        return token, key


class IgnoredActive(OpaqueIntrospection):
    """Introspects at every request, and accepts every answer of status 200 (RFC 7662 section 4)."""

    name: ClassVar[str] = "ignored_active"
    summary: ClassVar[str] = 'vulnerable: opaque token, introspected, but "active" in the answer is not checked'
    refused: ClassVar[str] = (
        'every text would be accepted as a token without the check of "active"; use opaque_introspection'
    )
    instead: ClassVar[str] = "opaque_introspection"
    Settings: ClassVar[type[Any]] = OpaqueIntrospection.Settings

    def compute_bound(self) -> Bound:
        """Return no bound."""
        return Bound(float("inf"), float("inf"))

    def validate(self, ctx: Context, state: None, presented: PresentedToken) -> Flow[Verdict]:
        """Introspect, and accept."""
        if not presented.token:
            return refuse_missing_token()
        result = yield from introspect(ctx, self._authorization, presented.token, self._settings.timeout_s)
        if isinstance(result, Failed):
            return refuse_unavailable("introspection_" + result.reason)
        yield Compute("claims.check")
        return Verdict(True, claims=result.answer, based_on=result.requested_at)


class OnlyActive(OpaqueIntrospection):
    """Checks only ``active``, so it accepts tokens for another API (RFC 7662 section 4, RFC 8725 section 3.9)."""

    name: ClassVar[str] = "only_active"
    summary: ClassVar[str] = "vulnerable: opaque token, introspected, but its audience, time and scope are not checked"
    refused: ClassVar[str] = "tokens for any other API would be accepted (RFC 7662 section 4); use opaque_introspection"
    instead: ClassVar[str] = "opaque_introspection"
    Settings: ClassVar[type[Any]] = OpaqueIntrospection.Settings

    def validate(self, ctx: Context, state: None, presented: PresentedToken) -> Flow[Verdict]:
        """Return the secure verdict, unless it refuses for another reason than ``active``."""
        verdict = yield from super().validate(ctx, state, presented)
        if verdict.accepted or verdict.status == 503 or verdict.reason in ("inactive", "no_token"):
            return verdict
        return Verdict(True, claims={}, based_on=verdict.based_on)


class CachedVerdict(OpaqueIntrospection):
    """Caches verdicts instead of answers, so that the scope of the first route holds for all (CVE-2021-32701)."""

    name: ClassVar[str] = "cached_verdict"
    summary: ClassVar[str] = "vulnerable: opaque token, its verdict is cached for any scope"
    refused: ClassVar[str] = (
        "a token accepted at one route would be accepted at all (CVE-2021-32701); use opaque_cached"
    )
    instead: ClassVar[str] = "opaque_cached"
    caches_answers: ClassVar[bool] = True
    Settings: ClassVar[type[Any]] = OpaqueCachedSettings

    def __init__(self, settings: Any, deployment: Any) -> None:
        single = OpaqueIntrospectionSettings(settings.timeout_s, settings.leeway_s, own_clock=settings.own_clock)
        super().__init__(single, deployment)
        self._cache_settings = settings

    def create_state(self) -> Any:
        """Create an empty cache."""
        return ExpiringCache[Verdict](self._cache_settings.capacity)

    def validate(self, ctx: Context, state: Any, presented: PresentedToken) -> Flow[Verdict]:
        """Return the cached verdict, or a new one."""
        key = yield Compute("token.hash", partial(make_store_key, presented.token))
        verdict: Verdict | None = state.get(key, ctx.now())
        if verdict is None:
            verdict = yield from super().validate(ctx, None, presented)
            if verdict.accepted:
                state.put(key, verdict, ctx.now() + self._cache_settings.ttl_s)
        return verdict
