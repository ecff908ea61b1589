"""What was found by verifying a token is kept for a while, by the hash of its bytes (S7 of strategies.csv)."""

from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from simlib.scenario.effects import Compute, Context, Flow, Verdict
from simlib.strategies.base import Bound, DeploymentConfig, PresentedToken, TokenFormat
from simlib.strategies.expiring_cache import ExpiringCache
from simlib.strategies.protocols import Validator, Wrapper
from simlib.strategies.settings_checks import check_at_least, check_positive
from simlib.strategies.verdicts import refuse_insufficient_scope, refuse_missing_token
from simlib.strategies.wrappers import ValidatorWrapper, WrapperState
from simlib.tokens import from_numeric_date, has_scope, judge_time, store_key


@dataclass(frozen=True)
class VerifiedCacheSettings:
    """``ttl_s`` and ``capacity`` bound the cache of each replica; nothing is kept beyond the ``exp`` of its token.

    For ``ttl_s`` a token signed with a key that has been taken out of the key set goes on to be believed.
    """

    ttl_s: float = 300.0
    capacity: int = 10_000

    def __post_init__(self) -> None:
        check_positive("ttl_s", self.ttl_s)
        check_at_least("capacity", self.capacity, 1)


class VerifiedCache(Wrapper):
    """A token that was seen before costs a hash and a look into a dict instead of a signature or a decryption."""

    name: ClassVar[str] = "verified_cache"
    summary: ClassVar[str] = "verified tokens kept for a while in each replica; first among the wrappers"
    formats: ClassVar[frozenset[TokenFormat]] = frozenset({"jwt", "encrypted", "paseto"})
    at_edge: ClassVar[bool] = False
    comes_first: ClassVar[bool] = True
    """A hit would skip the checks of another wrapper inside, so the list of wrappers may not put one there."""
    Settings: ClassVar[type[VerifiedCacheSettings]] = VerifiedCacheSettings

    @staticmethod
    def list_operations(settings: VerifiedCacheSettings, deployment: DeploymentConfig) -> frozenset[str]:
        """What it charges to a cost profile."""
        return frozenset({"token.hash", "cache.lookup", "claims.check"})

    def __init__(self, settings: VerifiedCacheSettings, deployment: DeploymentConfig) -> None:
        self._settings = settings
        self._deployment = deployment

    def wrap_validator(self, validator: Validator) -> Validator:
        """Raises ValueError around another wrapper: a hit would skip what that one checks at every request."""
        if isinstance(validator, ValidatorWrapper):
            raise ValueError("verified_cache must come first among the wrappers: a hit skips what is inside it")
        return _Caching(validator, self._settings, self._deployment)


class VerdictCache(ExpiringCache[Verdict]):
    """Accepted verdicts by the hash of their token."""

    __slots__ = ()


class _Caching(ValidatorWrapper):
    def __init__(self, inner: Validator, settings: VerifiedCacheSettings, deployment: DeploymentConfig) -> None:
        super().__init__(inner)
        self._settings = settings
        self._lifetime_s = deployment.token_lifetime_s

    def compute_bound(self) -> Bound:
        """A verdict is as old as it was when it was kept, and then the TTL; it ends with the token in any case."""
        inner = self.inner.compute_bound()
        latest = max(inner.after_revocation_s, self._lifetime_s)
        return inner._replace(after_revocation_s=min(inner.after_revocation_s + self._settings.ttl_s, latest))

    def create_wrapper_state(self) -> VerdictCache:
        """An empty cache."""
        return VerdictCache(self._settings.capacity)

    def validate(self, ctx: Context, state: WrapperState, presented: PresentedToken) -> Flow[Verdict]:
        """Look the token up; what is known is judged in time and scope at this instant, else all is done anew."""
        if not presented.token:
            return refuse_missing_token()
        key = yield Compute("token.hash", partial(store_key, presented.token))
        yield Compute("cache.lookup")
        known = state.own.get(key, ctx.now())
        if known is not None:
            yield Compute("claims.check")
            if judge_time(known.claims, ctx.now(), self.inner.compute_bound().after_expiry_s) is None:
                return _for_scope(known, presented.scope)
        begun = ctx.now()  # the key set that decides is at least as old
        verdict = yield from self.inner.validate(ctx, state.inner, presented)
        expiry = verdict.claims.get("exp")
        if verdict.accepted and isinstance(expiry, int | float):
            until = min(begun + self._settings.ttl_s, from_numeric_date(expiry))
            if until > ctx.now():
                state.own.put(key, verdict, until)
        return verdict


def _for_scope(known: Verdict, scope: str) -> Verdict:
    return known if has_scope(known.claims, scope) else refuse_insufficient_scope(scope, known.based_on)
