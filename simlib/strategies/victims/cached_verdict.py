"""A victim: keeps verdicts instead of answers, so that the scope of the first route holds for all (CVE-2021-32701)."""

from functools import partial
from typing import Any, ClassVar

from simlib.scenario.effects import Compute, Context, Flow
from simlib.scenario.verdict import Verdict
from simlib.strategies.base import Presented
from simlib.strategies.expiring_cache import ExpiringCache
from simlib.strategies.opaque_cached import OpaqueCachedSettings
from simlib.strategies.opaque_introspection import OpaqueIntrospection, OpaqueIntrospectionSettings
from simlib.tokens import store_key


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

    def initial_state(self) -> Any:
        """No verdict yet."""
        return ExpiringCache[Verdict](self._cached.capacity)

    def validate(self, ctx: Context, state: Any, presented: Presented) -> Flow[Verdict]:
        """The verdict that is kept, or a new one."""
        key = yield Compute("token.hash", partial(store_key, presented.token))
        known: Verdict | None = state.get(key, ctx.now())
        if known is None:
            known = yield from super().validate(ctx, None, presented)
            if known.accepted:
                state.put(key, known, ctx.now() + self._cached.ttl_s)
        return known
