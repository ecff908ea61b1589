"""Cache of verified tokens: verdicts are kept by the hash of the token, for a while and never beyond its ``exp`` (S7 of
data/evidence/strategies.csv)."""

from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from simlib.scenario.effects import Compute, Context, Flow, Verdict
from simlib.strategies.base import Bound, DeploymentConfig, PresentedToken, check_numbers
from simlib.strategies.caches import ExpiringCache
from simlib.strategies.protocols import Validator, Wrapper
from simlib.strategies.verdicts import has_ended, refuse_insufficient_scope, refuse_missing_token
from simlib.strategies.wrappers import ValidatorWrapper, WrapperState
from simlib.tokens import SIGNED_FORMATS, TokenFormat, from_numeric_date, has_scope, make_store_key


@dataclass(frozen=True)
class VerifiedCacheSettings:
    """``ttl_s`` and ``capacity`` bound the cache of each replica; nothing is kept beyond the ``exp`` of its token.

    For ``ttl_s`` a token is still accepted whose key has been removed from the key set.
    """

    ttl_s: float = 300.0
    capacity: int = 10_000

    def __post_init__(self) -> None:
        check_numbers(self, positive=("ttl_s",), capacity=1)


class VerifiedCache(Wrapper):
    """A cached token costs a hash and a look into a dict instead of a verification or a decryption."""

    name: ClassVar[str] = "verified_cache"
    summary: ClassVar[str] = "verified tokens kept for a while in each replica; first among the wrappers"
    formats: ClassVar[frozenset[TokenFormat]] = SIGNED_FORMATS
    at_edge: ClassVar[bool] = False
    comes_first: ClassVar[bool] = True
    """A hit would skip the checks of another wrapper inside, so no wrapper may be listed before it."""
    Settings: ClassVar[type[VerifiedCacheSettings]] = VerifiedCacheSettings

    @staticmethod
    def list_operations(settings: VerifiedCacheSettings, deployment: DeploymentConfig) -> frozenset[str]:
        """List its operations in a cost profile."""
        return frozenset({"token.hash", "cache.lookup", "claims.check"})

    def __init__(self, settings: VerifiedCacheSettings, deployment: DeploymentConfig) -> None:
        self._settings = settings
        self._deployment = deployment

    def wrap_validator(self, validator: Validator) -> Validator:
        """Wrap the validator. Raises ValueError around another wrapper: a hit would skip its checks."""
        if isinstance(validator, ValidatorWrapper):
            raise ValueError("verified_cache must come first among the wrappers: a hit skips what is inside it")
        return _CachingValidator(validator, self._settings, self._deployment)


class VerdictCache(ExpiringCache[Verdict]):
    """Accepted verdicts by the hash of their token."""

    __slots__ = ()


class _CachingValidator(ValidatorWrapper):
    def __init__(self, inner: Validator, settings: VerifiedCacheSettings, deployment: DeploymentConfig) -> None:
        super().__init__(inner)
        self._settings = settings
        self._lifetime_s = deployment.token_lifetime_s

    @property
    def capacity(self) -> int | None:
        """Number of tokens for which a replica has room."""
        return self._settings.capacity

    def compute_bound(self) -> Bound:
        """Compute the bound: the age of a verdict when it was cached, plus the TTL, at most the life of the token."""
        inner = self.inner.compute_bound()
        latest = max(inner.after_revocation_s, self._lifetime_s)
        return inner._replace(after_revocation_s=min(inner.after_revocation_s + self._settings.ttl_s, latest))

    def create_wrapper_state(self) -> VerdictCache:
        """Create an empty cache."""
        return VerdictCache(self._settings.capacity)

    def validate(self, ctx: Context, state: WrapperState, presented: PresentedToken) -> Flow[Verdict]:
        """Look the token up; a cached verdict is judged by time and scope at this instant."""
        if not presented.token:
            return refuse_missing_token()
        key = yield Compute("token.hash", partial(make_store_key, presented.token))
        yield Compute("cache.lookup")
        cached = state.own.get(key, ctx.now())
        if cached is not None:
            yield Compute("claims.check")
            if not has_ended(cached, ctx.now(), self.inner.compute_bound().after_expiry_s):
                return _judge_scope(cached, presented.scope)
        begun = ctx.now()  # not later than the key set that decides
        verdict = yield from self.inner.validate(ctx, state.inner, presented)
        expiry = verdict.claims.get("exp")
        if verdict.accepted and isinstance(expiry, int | float):
            until = min(begun + self._settings.ttl_s, from_numeric_date(expiry))
            if until > ctx.now():
                state.own.put(key, verdict, until)
        return verdict


def _judge_scope(cached: Verdict, scope: str) -> Verdict:
    return cached if has_scope(cached.claims, scope) else refuse_insufficient_scope(scope, cached.based_on)
