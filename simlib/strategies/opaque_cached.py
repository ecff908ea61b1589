"""Opaque tokens with cached introspection answers (S2 to S5 of data/evidence/strategies.csv)."""

from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from simlib.scenario.design import UserInformationSource
from simlib.scenario.effects import Compute, Context, Failed, Flow, Once, Verdict, new_tuple
from simlib.strategies.base import (
    Bound,
    DeploymentConfig,
    PresentedToken,
    RequestDemand,
    ServerDependencies,
    ServerDependency,
    check_numbers,
)
from simlib.strategies.caches import (
    AnswerCache,
    CacheBackend,
    LocalCacheBackend,
    SharedCacheBackend,
    compute_cache_end,
)
from simlib.strategies.introspection_client import (
    Introspection,
    compute_expiry_bound,
    find_own_leeway,
    format_basic_authorization,
    introspect,
    judge_answer,
)
from simlib.strategies.verdicts import CLAIMS_CHECK, refuse_missing_token, refuse_unavailable
from simlib.tokens import OPAQUE, TokenFormat, make_store_key


@dataclass(frozen=True)
class OpaqueCachedSettings:
    """``ttl_s`` and ``capacity`` bound the cache of each replica; an answer never outlives the token's ``exp``, which
    the own clock counts from the Date of the answer.

    ``single_flight``: concurrent misses of one token make one call. ``negative_ttl_s``: how long an inactive answer is
    kept, 0 for not at all. After the TTL the old answer is still used for ``stale_while_revalidate_s`` while a new one
    is fetched in the background, and for ``stale_if_error_s`` when the AS fails (RFC 5861).
    ``shared``: answers are kept in the store that all replicas share instead of in each replica, and ``capacity``
    does not apply. ``timeout_s`` bounds one call.

    ``own_clock``: the part compares ``exp`` and ``nbf`` of an answer with its own clock as well, with ``leeway_s`` for
    clock skew; without it ``active`` decides, by the clock of the AS (RFC 7662 section 2.2), and ``leeway_s`` has no
    effect.
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
    own_clock: bool = False

    def __post_init__(self) -> None:
        check_numbers(self, positive=("ttl_s", "timeout_s"), capacity=1, negative_ttl_s=0, leeway_s=0)
        check_numbers(self, stale_while_revalidate_s=0, stale_if_error_s=0)

    @property
    def stale_s(self) -> float:
        """Seconds after the TTL for which an answer can still be used."""
        return max(self.stale_while_revalidate_s, self.stale_if_error_s)


class OpaqueCached:
    """Introspects once per token, replica and TTL; in between a revocation goes unnoticed."""

    name: ClassVar[str] = "opaque_cached"
    summary: ClassVar[str] = "opaque token, answers of the AS kept for a while in each replica"
    token_format: ClassVar[TokenFormat | None] = OPAQUE
    user_information_sources: ClassVar[tuple[UserInformationSource, ...]] = ("introspection", "userinfo")
    caches_answers: ClassVar[bool] = True
    asks_authorization_server: ClassVar[bool] = True
    Settings: ClassVar[type[OpaqueCachedSettings]] = OpaqueCachedSettings

    @staticmethod
    def list_operations(settings: OpaqueCachedSettings, deployment: DeploymentConfig) -> frozenset[str]:
        """List its operations in a cost profile."""
        caching = {"json.encode"} if settings.shared else {"cache.lookup"}
        return frozenset({"token.hash", "form.encode", "json.decode", "claims.check"} | caching)

    @staticmethod
    def list_requirements(settings: OpaqueCachedSettings) -> frozenset[str]:
        """List the shared store, if answers are cached there."""
        return frozenset({"shared_store"} if settings.shared else ())

    def __init__(self, settings: OpaqueCachedSettings, deployment: DeploymentConfig) -> None:
        self._settings = settings
        self._deployment = deployment
        self._authorization = format_basic_authorization(deployment.resource_server)
        self._cache: CacheBackend = (
            SharedCacheBackend(f"{self.name}:", settings.timeout_s) if settings.shared else LocalCacheBackend()
        )

    @property
    def capacity(self) -> int | None:
        """Number of tokens for which a replica has room; None without a bound."""
        return None if self._settings.shared else self._settings.capacity

    def compute_bound(self) -> Bound:
        """Compute the bound: TTL and stale time from the request of an answer, or its time in transit, if longer."""
        settings, lifetime = self._settings, self._deployment.token_lifetime_s
        cached_s, expiry_s = min(settings.ttl_s + settings.stale_s, lifetime), compute_expiry_bound(settings)
        transit_s = settings.timeout_s
        if settings.shared:  # an answer that can still be kept is written before it is used
            transit_s = max(transit_s, min(transit_s, cached_s) + min(transit_s, lifetime))
        return Bound(expiry_s, max(cached_s, min(transit_s, lifetime + expiry_s)))

    def list_server_dependencies(self, demand: RequestDemand) -> ServerDependencies:
        """List the answer about a token, which none has that is new or was not used for a while."""
        kept_s = min(self._settings.ttl_s + self._settings.stale_s, self._deployment.token_lifetime_s)
        return (ServerDependency(0.0, kept_s + demand.longest_gap_s),)

    def create_state(self) -> AnswerCache:
        """Create an empty cache."""
        return AnswerCache(self._settings.capacity)

    def validate(self, ctx: Context, state: AnswerCache, presented: PresentedToken) -> Flow[Verdict]:
        """Look the token up, introspect on a miss, judge the answer at this instant."""
        if not presented.token:
            return refuse_missing_token()
        key = yield new_tuple(Compute, ("token.hash", partial(make_store_key, presented.token)))
        cached = yield from self._cache.look_up(ctx, state, key)
        result = yield from self._find_result(ctx, state, key, presented.token, cached)
        if isinstance(result, Failed):
            return refuse_unavailable("introspection_" + result.reason)
        yield CLAIMS_CHECK
        return self._judge(ctx.now(), result, presented.scope)

    def _find_result(
        self, ctx: Context, state: AnswerCache, key: str, token: str, cached: Introspection | None
    ) -> Flow[Introspection | Failed]:
        """Find the cached answer, as long as it may be used, or a new one."""
        settings, now = self._settings, ctx.now()
        if cached is not None and now < self._compute_end(cached, 0.0):
            return cached
        send = partial(self._introspect, ctx, state, key, token)
        if cached is not None and now < self._compute_end(cached, settings.stale_while_revalidate_s):
            yield Once(("introspect", key), send, wait=False)
            return cached
        result: Introspection | Failed = (
            (yield Once(("introspect", key), send)) if settings.single_flight else (yield from send())
        )
        if cached is not None and isinstance(result, Failed) and _is_server_fault(result):
            # Looked up again: in the meantime it may have ended, or another request may have replaced it.
            cached = yield from self._cache.look_up(ctx, state, key)
            return result if cached is None else cached
        return result

    def _introspect(self, ctx: Context, state: AnswerCache, key: str, token: str) -> Flow[Introspection | Failed]:
        result = yield from self._request(ctx, token)
        if isinstance(result, Introspection):
            until = self._compute_end(result, self._settings.stale_s)
            if until > ctx.now():
                yield from self._cache.store(ctx, state, key, result, until)
            elif self._settings.stale_s:
                yield from self._cache.drop(ctx, state, key)
        return result

    def _request(self, ctx: Context, token: str) -> Flow[Introspection | Failed]:
        return introspect(ctx, self._authorization, token, self._settings.timeout_s)

    def _judge(self, now: float, result: Introspection, scope: str) -> Verdict:
        return judge_answer(result, now, scope, self._deployment, own_leeway=find_own_leeway(self._settings))

    def _compute_end(self, result: Introspection, stale_s: float) -> float:
        """Compute until when an answer may be used, counted from its request and never beyond ``exp``."""
        settings = self._settings
        return compute_cache_end(result, settings.ttl_s, stale_s, settings.negative_ttl_s)


def _is_server_fault(failed: Failed) -> bool:
    """Whether the server has a fault, rather than refusing this client (RFC 5861 section 4)."""
    return not 400 <= failed.status < 500 or failed.status == 429
