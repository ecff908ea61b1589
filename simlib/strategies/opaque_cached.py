"""Opaque token, introspection answers cached per replica (S2 to S4 of data/evidence/strategies.csv)."""

from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from simlib.scenario.design import UserInformationSource
from simlib.scenario.effects import Compute, Context, Failed, Flow, Once
from simlib.scenario.verdict import Verdict
from simlib.strategies import refusals
from simlib.strategies.answer_cache import AnswerCache
from simlib.strategies.base import Bound, Deployment, Presented, TokenFormat
from simlib.strategies.checks import at_least, positive
from simlib.strategies.introspection import Introspected, basic, introspect, judge
from simlib.tokens import from_numeric_date, store_key


@dataclass(frozen=True)
class OpaqueCachedSettings:
    """``ttl_s`` and ``capacity`` bound the cache of each replica; an answer never outlives the token's ``exp``.

    ``single_flight``: concurrent misses of one token make one call. ``negative_ttl_s``: how long an inactive answer is
    kept, 0 for not at all. ``timeout_s`` bounds one introspection, ``leeway_s`` is clock skew granted at expiry.
    """

    ttl_s: float = 60.0
    capacity: int = 10_000
    single_flight: bool = True
    negative_ttl_s: float = 0.0
    timeout_s: float = 10.0
    leeway_s: float = 0.0

    def __post_init__(self) -> None:
        positive("ttl_s", self.ttl_s)
        at_least("capacity", self.capacity, 1)
        at_least("negative_ttl_s", self.negative_ttl_s, 0)
        positive("timeout_s", self.timeout_s)
        at_least("leeway_s", self.leeway_s, 0)


class OpaqueCached:
    """Asks once per token, replica and TTL; in between a revocation goes unnoticed."""

    name: ClassVar[str] = "opaque_cached"
    summary: ClassVar[str] = "opaque token, answers of the AS kept for a while in each replica"
    token_format: ClassVar[TokenFormat | None] = "opaque"
    user_information_sources: ClassVar[tuple[UserInformationSource, ...]] = ("introspection", "userinfo")
    caches_answers: ClassVar[bool] = True
    Settings: ClassVar[type[OpaqueCachedSettings]] = OpaqueCachedSettings

    @staticmethod
    def operations(settings: OpaqueCachedSettings, deployment: Deployment) -> frozenset[str]:
        """What it charges to a cost profile."""
        return frozenset({"token.hash", "cache.lookup", "form.encode", "json.decode", "claims.check"})

    def __init__(self, settings: OpaqueCachedSettings, deployment: Deployment) -> None:
        self._settings = settings
        self._deployment = deployment
        self._authorization = basic(deployment.resource_server)

    def bound(self) -> Bound:
        """An answer is used for the TTL counted from when it was asked for, or while it is on its way, if longer."""
        settings, lifetime = self._settings, self._deployment.token_lifetime_s
        kept = min(settings.ttl_s, lifetime)
        on_its_way = min(settings.timeout_s, lifetime + settings.leeway_s)
        return Bound(settings.leeway_s, max(kept, on_its_way))

    def initial_state(self) -> AnswerCache:
        """An empty cache."""
        return AnswerCache(self._settings.capacity)

    def validate(self, ctx: Context, state: AnswerCache, presented: Presented) -> Flow[Verdict]:
        """Look the token up, ask on a miss, judge the answer at this instant."""
        if not presented.token:
            return refusals.no_token()
        key = yield Compute("token.hash", partial(store_key, presented.token))
        yield Compute("cache.lookup")
        known = state.get(key, ctx.now())
        if known is None:
            ask = partial(self._ask, ctx, state, key, presented.token)
            asked = (yield Once(("introspect", key), ask)) if self._settings.single_flight else (yield from ask())
            if isinstance(asked, Failed):
                return refusals.cannot_tell("introspection_" + asked.reason)
            known = asked
        yield Compute("claims.check")
        return judge(known, ctx.now(), self._settings.leeway_s, presented.scope, self._deployment)

    def _ask(self, ctx: Context, state: AnswerCache, key: str, token: str) -> Flow[Introspected | Failed]:
        asked = yield from introspect(ctx, self._authorization, token, self._settings.timeout_s)
        if isinstance(asked, Introspected):
            until = self._until(asked)
            if until > ctx.now():
                state.put(key, asked, until)
        return asked

    def _until(self, asked: Introspected) -> float:
        """Counted from the question, not from the answer: what happened at the AS in between is not in it."""
        answer = asked.answer
        if answer.get("active") is not True:
            return asked.asked_at + self._settings.negative_ttl_s
        expiry = answer.get("exp")
        if not isinstance(expiry, int | float):
            return asked.asked_at  # no known expiry, so nothing bounds it: do not keep it
        return min(asked.asked_at + self._settings.ttl_s, from_numeric_date(expiry))
