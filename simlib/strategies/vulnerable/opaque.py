"""A victim: opaque tokens that are counted instead of drawn (RFC 6749 section 10.10).

A victim: introspects, and takes every answer for a yes (RFC 7662 section 4).

A victim: introspects and looks at nothing but ``active`` (RFC 7662 section 4, RFC 8725 section 3.9).

A victim: keeps verdicts instead of answers, so that the scope of the first route holds for all (CVE-2021-32701).
"""

from functools import partial
from itertools import count
from typing import Any, ClassVar

from simlib.scenario.effects import Compute, Context, Failed, Flow, Verdict
from simlib.strategies.base import Bound, DeploymentConfig, PresentedToken
from simlib.strategies.expiring_cache import ExpiringCache
from simlib.strategies.introspection_client import introspect
from simlib.strategies.opaque_cached import OpaqueCachedSettings
from simlib.strategies.opaque_introspection import OpaqueIntrospection, OpaqueIntrospectionSettings
from simlib.strategies.reference_token import ReferenceToken
from simlib.strategies.verdicts import refuse_missing_token, refuse_unavailable
from simlib.tokens import opaque_token, store_key

FIRST = 4_711


class CountedReference(ReferenceToken):
    """Whoever has one token knows its neighbours."""

    name: ClassVar[str] = "counted_reference"
    summary: ClassVar[str] = "victim: opaque references that follow one another like numbers"
    refused: ClassVar[str] = "tokens could be guessed from one's own (RFC 6749 section 10.10); use reference_token"

    instead: ClassVar[str] = "reference_token"

    def __init__(self, settings: Any, deployment: DeploymentConfig) -> None:
        super().__init__(settings, deployment)
        self._numbers = count(FIRST)

    def _made(self, entropy: bytes) -> Flow[tuple[str, str]]:
        token = opaque_token(next(self._numbers).to_bytes(len(entropy), "big"))
        key: str = yield Compute("opaque.issue", partial(store_key, token))
        return token, key


class IgnoredActive(OpaqueIntrospection):
    """Asks at every request; an answer of status 200 is enough for it."""

    name: ClassVar[str] = "ignored_active"
    summary: ClassVar[str] = 'victim: opaque token, introspected, but "active" in the answer is not looked at'
    refused: ClassVar[str] = 'every text would be a token, since only "active" tells; use opaque_introspection'
    instead: ClassVar[str] = "opaque_introspection"
    Settings: ClassVar[type[Any]] = OpaqueIntrospection.Settings

    def compute_bound(self) -> Bound:
        """Nothing is promised."""
        return Bound(float("inf"), float("inf"))

    def validate(self, ctx: Context, state: None, presented: PresentedToken) -> Flow[Verdict]:
        """Ask, and accept."""
        if not presented.token:
            return refuse_missing_token()
        asked = yield from introspect(ctx, self._authorization, presented.token, self._settings.timeout_s)
        if isinstance(asked, Failed):
            return refuse_unavailable("introspection_" + asked.reason)
        yield Compute("claims.check")
        return Verdict(True, claims=asked.answer, based_on=asked.asked_at)


class OnlyActive(OpaqueIntrospection):
    """Takes tokens that were made out to another API."""

    name: ClassVar[str] = "only_active"
    summary: ClassVar[str] = "victim: opaque token, introspected, but its audience, time and scope are not looked at"
    refused: ClassVar[str] = "tokens for any other API would be accepted (RFC 7662 section 4); use opaque_introspection"
    instead: ClassVar[str] = "opaque_introspection"
    Settings: ClassVar[type[Any]] = OpaqueIntrospection.Settings

    def validate(self, ctx: Context, state: None, presented: PresentedToken) -> Flow[Verdict]:
        """The sound verdict, unless it refuses for another reason than ``active``."""
        verdict = yield from super().validate(ctx, state, presented)
        if verdict.accepted or verdict.status == 503 or verdict.reason in ("inactive", "no_token"):
            return verdict
        return Verdict(True, claims={}, based_on=verdict.based_on)


class CachedVerdict(OpaqueIntrospection):
    """Whoever was let in at one route is let in at every other one."""

    name: ClassVar[str] = "cached_verdict"
    summary: ClassVar[str] = "victim: opaque token, the verdict about it is kept whatever scope it was asked for"
    refused: ClassVar[str] = "a token let in at one route would be let in at all (CVE-2021-32701); use opaque_cached"
    instead: ClassVar[str] = "opaque_cached"
    caches_answers: ClassVar[bool] = True
    Settings: ClassVar[type[Any]] = OpaqueCachedSettings

    def __init__(self, settings: Any, deployment: Any) -> None:
        super().__init__(OpaqueIntrospectionSettings(settings.timeout_s, settings.leeway_s), deployment)
        self._cached = settings

    def create_state(self) -> Any:
        """No verdict yet."""
        return ExpiringCache[Verdict](self._cached.capacity)

    def validate(self, ctx: Context, state: Any, presented: PresentedToken) -> Flow[Verdict]:
        """The verdict that is kept, or a new one."""
        key = yield Compute("token.hash", partial(store_key, presented.token))
        known: Verdict | None = state.get(key, ctx.now())
        if known is None:
            known = yield from super().validate(ctx, None, presented)
            if known.accepted:
                state.put(key, known, ctx.now() + self._cached.ttl_s)
        return known
