"""Refusal cache: refused tokens are remembered by their hash, so that a flood of one bad token costs one introspection.

Only refusals for reasons that can never change are kept: one for a missing proof, an unknown key or an early ``nbf``
would lock out the owner of a valid token.
"""

from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from simlib.plugins import (
    TOKEN_FORMATS,
    Compute,
    Context,
    DeploymentConfig,
    ExpiringCache,
    Flow,
    PresentedToken,
    TokenFormat,
    Validator,
    ValidatorWrapper,
    Verdict,
    Wrapper,
    WrapperState,
    make_store_key,
)

FINAL_REASONS = frozenset({"inactive", "unknown_token", "malformed", "signature", "expired"})


@dataclass(frozen=True)
class RefusalCacheSettings:
    """``ttl_s`` and ``capacity`` bound the cache of each replica."""

    ttl_s: float = 60.0
    capacity: int = 1000

    def __post_init__(self) -> None:
        if not (self.ttl_s > 0 and self.capacity > 0):
            raise ValueError("ttl_s and capacity must be above 0")


class RefusalCache(Wrapper):
    """A remembered refusal costs a hash and a look into a dict."""

    name: ClassVar[str] = "refusal_cache"
    summary: ClassVar[str] = "refused tokens remembered for a while in each replica"
    formats: ClassVar[frozenset[TokenFormat]] = TOKEN_FORMATS
    at_edge: ClassVar[bool] = False
    Settings: ClassVar[type[RefusalCacheSettings]] = RefusalCacheSettings

    @staticmethod
    def list_operations(settings: RefusalCacheSettings, deployment: DeploymentConfig) -> frozenset[str]:
        """List its operations in a cost profile."""
        return frozenset({"token.hash", "cache.lookup"})

    def __init__(self, settings: RefusalCacheSettings, deployment: DeploymentConfig) -> None:
        self._settings = settings

    def wrap_validator(self, validator: Validator) -> Validator:
        """Wrap the validator."""
        return _RefusingValidator(validator, self._settings)


class _RefusingValidator(ValidatorWrapper):
    def __init__(self, inner: Validator, settings: RefusalCacheSettings) -> None:
        super().__init__(inner)
        self._settings = settings

    def create_wrapper_state(self) -> ExpiringCache[Verdict]:
        """Create an empty cache."""
        return ExpiringCache(self._settings.capacity)

    def validate(self, ctx: Context, state: WrapperState, presented: PresentedToken) -> Flow[Verdict]:
        """Look the token up, and validate it where no refusal is remembered."""
        if not presented.token:
            return (yield from self.inner.validate(ctx, state.inner, presented))
        key = yield Compute("token.hash", partial(make_store_key, presented.token))
        yield Compute("cache.lookup")
        remembered = state.own.get(key, ctx.now())
        if remembered is not None:
            return remembered
        verdict = yield from self.inner.validate(ctx, state.inner, presented)
        if verdict.status == 401 and verdict.reason in FINAL_REASONS:
            state.own.put(key, verdict, ctx.now() + self._settings.ttl_s)
        return verdict
