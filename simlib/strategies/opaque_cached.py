"""Opaque token, introspection answers cached (S2 to S5 of data/evidence/strategies.csv)."""

from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from simlib.scenario.design import UserInformationSource
from simlib.scenario.effects import Compute, Context, Failed, Flow, Once, Verdict
from simlib.strategies.base import Bound, DeploymentConfig, PresentedToken, TokenFormat
from simlib.strategies.introspection_cache import (
    CacheBackend,
    IntrospectionCache,
    LocalCacheBackend,
    SharedCacheBackend,
)
from simlib.strategies.introspection_client import (
    IntrospectionResult,
    format_basic_authorization,
    introspect,
    judge_answer,
)
from simlib.strategies.settings_checks import check_at_least, check_positive
from simlib.strategies.verdicts import refuse_missing_token, refuse_unavailable
from simlib.tokens import from_numeric_date, store_key


@dataclass(frozen=True)
class OpaqueCachedSettings:
    """``ttl_s`` and ``capacity`` bound the cache of each replica; an answer never outlives the token's ``exp``.

    ``single_flight``: concurrent misses of one token make one call. ``negative_ttl_s``: how long an inactive answer is
    kept, 0 for not at all. After the TTL the old answer goes on being used for ``stale_while_revalidate_s`` while a
    new one is fetched behind the request, and for ``stale_if_error_s`` when the AS is out of order (RFC 5861).
    ``shared``: answers are kept in the store that all replicas share instead of in each replica, where ``capacity`` is
    the store's own business. ``timeout_s`` bounds one call, ``leeway_s`` is clock skew granted at expiry.
    """

    ttl_s: float = 60.0
    capacity: int = 10_000
    single_flight: bool = True
    negative_ttl_s: float = 0.0
    timeout_s: float = 10.0
    leeway_s: float = 0.0
    stale_while_revalidate_s: float = 0.0
    stale_if_error_s: float = 0.0
    shared: bool = False

    def __post_init__(self) -> None:
        check_positive("ttl_s", self.ttl_s)
        check_at_least("capacity", self.capacity, 1)
        check_at_least("negative_ttl_s", self.negative_ttl_s, 0)
        check_positive("timeout_s", self.timeout_s)
        check_at_least("leeway_s", self.leeway_s, 0)
        check_at_least("stale_while_revalidate_s", self.stale_while_revalidate_s, 0)
        check_at_least("stale_if_error_s", self.stale_if_error_s, 0)

    @property
    def stale_s(self) -> float:
        """Seconds after the TTL for which an answer can be of use."""
        return max(self.stale_while_revalidate_s, self.stale_if_error_s)


class OpaqueCached:
    """Asks once per token, replica and TTL; in between a revocation goes unnoticed."""

    name: ClassVar[str] = "opaque_cached"
    summary: ClassVar[str] = "opaque token, answers of the AS kept for a while in each replica"
    token_format: ClassVar[TokenFormat | None] = "opaque"
    user_information_sources: ClassVar[tuple[UserInformationSource, ...]] = ("introspection", "userinfo")
    caches_answers: ClassVar[bool] = True
    asks_authorization_server: ClassVar[bool] = True
    Settings: ClassVar[type[OpaqueCachedSettings]] = OpaqueCachedSettings

    @staticmethod
    def list_operations(settings: OpaqueCachedSettings, deployment: DeploymentConfig) -> frozenset[str]:
        """What it charges to a cost profile."""
        keeping = {"json.encode"} if settings.shared else {"cache.lookup"}
        return frozenset({"token.hash", "form.encode", "json.decode", "claims.check"} | keeping)

    @staticmethod
    def list_requirements(settings: OpaqueCachedSettings) -> frozenset[str]:
        """What must be in world and design for it."""
        return frozenset({"shared_store"} if settings.shared else ())

    def __init__(self, settings: OpaqueCachedSettings, deployment: DeploymentConfig) -> None:
        self._settings = settings
        self._deployment = deployment
        self._authorization = format_basic_authorization(deployment.resource_server)
        self._place: CacheBackend = (
            SharedCacheBackend(f"{self.name}:", settings.timeout_s) if settings.shared else LocalCacheBackend()
        )

    def compute_bound(self) -> Bound:
        """An answer is used for TTL and stale time counted from the question, or while on its way, if longer."""
        settings, lifetime = self._settings, self._deployment.token_lifetime_s
        kept = min(settings.ttl_s + settings.stale_s, lifetime)
        waiting = settings.timeout_s * (2 if settings.shared else 1)  # a shared answer is written before it is used
        on_its_way = min(waiting, lifetime + settings.leeway_s)
        return Bound(settings.leeway_s, max(kept, on_its_way))

    def create_state(self) -> IntrospectionCache:
        """An empty cache."""
        return IntrospectionCache(self._settings.capacity)

    def validate(self, ctx: Context, state: IntrospectionCache, presented: PresentedToken) -> Flow[Verdict]:
        """Look the token up, ask on a miss, judge the answer at this instant."""
        if not presented.token:
            return refuse_missing_token()
        key = yield Compute("token.hash", partial(store_key, presented.token))
        kept = yield from self._place.look_up(ctx, state, key)
        known = yield from self._known(ctx, state, key, presented.token, kept)
        if isinstance(known, Failed):
            return refuse_unavailable("introspection_" + known.reason)
        yield Compute("claims.check")
        return self._judged(ctx.now(), known, presented.scope)

    def _known(
        self, ctx: Context, state: IntrospectionCache, key: str, token: str, kept: IntrospectionResult | None
    ) -> Flow[IntrospectionResult | Failed]:
        """The answer kept, as long as it may be used, or a new one."""
        settings, now = self._settings, ctx.now()
        if kept is not None and now < self._until(kept, 0.0):
            return kept
        ask = partial(self._ask, ctx, state, key, token)
        if kept is not None and now < self._until(kept, settings.stale_while_revalidate_s):
            yield Once(("introspect", key), ask, wait=False)
            return kept
        asked: IntrospectionResult | Failed = (
            (yield Once(("introspect", key), ask)) if settings.single_flight else (yield from ask())
        )
        if kept is not None and isinstance(asked, Failed) and _is_out_of_order(asked):
            # Looked up again: in the meantime it may have ended, or somebody may have learned that it is wrong.
            kept = yield from self._place.look_up(ctx, state, key)
            return asked if kept is None else kept
        return asked

    def _ask(self, ctx: Context, state: IntrospectionCache, key: str, token: str) -> Flow[IntrospectionResult | Failed]:
        asked = yield from self._question(ctx, token)
        if isinstance(asked, IntrospectionResult):
            until = self._until(asked, self._settings.stale_s)
            if until > ctx.now():
                yield from self._place.keep(ctx, state, key, asked, until)
            elif self._settings.stale_s:
                yield from self._place.drop(ctx, state, key)
        return asked

    def _question(self, ctx: Context, token: str) -> Flow[IntrospectionResult | Failed]:
        return introspect(ctx, self._authorization, token, self._settings.timeout_s)

    def _judged(self, now: float, known: IntrospectionResult, scope: str) -> Verdict:
        return judge_answer(known, now, self._settings.leeway_s, scope, self._deployment)

    def _until(self, asked: IntrospectionResult, stale_s: float) -> float:
        """Counted from the question, not from the answer: what happened at the AS in between is not in it."""
        answer = asked.answer
        if answer.get("active") is not True:
            return asked.asked_at + self._settings.negative_ttl_s
        expiry = answer.get("exp")
        if not isinstance(expiry, int | float):
            return asked.asked_at  # no known expiry, so nothing bounds it: do not keep it
        return min(asked.asked_at + self._settings.ttl_s + stale_s, from_numeric_date(expiry))


def _is_out_of_order(failed: Failed) -> bool:
    """Whether the server has a fault, rather than refusing the one who asks (RFC 5861 section 4)."""
    return not 400 <= failed.status < 500 or failed.status == 429
