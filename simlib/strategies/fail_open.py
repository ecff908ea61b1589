"""Fail-open policy of a resource server: it accepts requests while it can reach no verdict, so it pays for availability
with security."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from math import inf
from typing import ClassVar, Literal, get_args

from simlib.scenario.effects import Answer, Call, Compute, Context, Flow, Verdict
from simlib.strategies.base import (
    Bound,
    DeploymentConfig,
    PresentedToken,
    RequestDemand,
    ServerDependencies,
    check_numbers,
    check_one_of,
)
from simlib.strategies.caches import ExpiringCache
from simlib.strategies.call_interception import find_failure, intercept_calls, is_authorization_server
from simlib.strategies.protocols import Validator, Wrapper
from simlib.strategies.verdicts import has_ended
from simlib.strategies.wrappers import ValidatorWrapper, WrapperState, passes_other_credential
from simlib.tokens import ALL_FORMATS, TokenFormat, has_scope, make_store_key

AcceptedTokens = Literal["known", "any"]
UNAVAILABLE = 503
REASON = "fail_open"
"""The reason of a verdict that was accepted because none could be reached."""


@dataclass(frozen=True)
class FailOpenSettings:
    """``lets_in`` "known": a token that this replica has accepted before is accepted until ``longest_s`` after the
    last information from the authorization server by which it was good, with the claims of then, and never after its
    ``exp``. "any": each token that was not refused here is accepted, without claims, until ``longest_s`` after the
    server's last answer about anything; forged, expired and revoked tokens too, so no bound holds any more.

    ``capacity``: how many tokens a replica keeps, the least recently used goes first. Refusals of a token itself are
    never overruled, as long as they are kept. 60 s and 10,000 are assumptions.
    """

    longest_s: float = 60.0
    lets_in: AcceptedTokens = "known"
    capacity: int = 10_000

    def __post_init__(self) -> None:
        check_numbers(self, positive=("longest_s",), capacity=1)
        check_one_of("lets_in", self.lets_in, get_args(AcceptedTokens))


class FailOpen(Wrapper):
    """The opposite of answering 503; its bound says what it costs, and its verdicts are marked."""

    name: ClassVar[str] = "fail_open"
    summary: ClassVar[str] = (
        "when gateway or services reach no verdict, requests are accepted for a while: with tokens accepted lately, or "
        "with any; around what stands before it in the list"
    )
    formats: ClassVar[frozenset[TokenFormat]] = ALL_FORMATS
    at_edge: ClassVar[bool] = False
    everywhere: ClassVar[bool] = True
    comes_before_bindings: ClassVar[bool] = True
    """Around a binding it would accept clients that cannot prove the key, so the wrappers may not be listed so."""
    comes_after: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("retry", "circuit_breaker"), "it accepts requests when calls have failed, with all their attempts"
    )
    usually_after: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("status_list", "sensitive_introspection", "denylist_polled", "denylist_pushed", "denylist_shared"),
        "requests are refused all the same when that one reaches no verdict",
    )
    Settings: ClassVar[type[FailOpenSettings]] = FailOpenSettings

    @staticmethod
    def list_operations(settings: FailOpenSettings, deployment: DeploymentConfig) -> frozenset[str]:
        """List its operations in a cost profile."""
        return frozenset({"token.hash", "cache.lookup", "claims.check"})

    @staticmethod
    def comes_last(settings: FailOpenSettings) -> bool:
        """Whether it must be the last wrapper: those around it could not distinguish tokens without claims."""
        return settings.lets_in == "any"

    def __init__(self, settings: FailOpenSettings, deployment: DeploymentConfig) -> None:
        self._settings = settings
        self._deployment = deployment

    def wrap_validator(self, validator: Validator) -> Validator:
        """Wrap the validator. Raises ValueError around a binding, whose refusals it would overrule."""
        if getattr(validator, "binds", False):
            raise ValueError("fail_open must come before the wrappers that bind tokens to clients")
        if self._settings.lets_in == "known":
            return _KnownTokensValidator(validator, self._settings, self._deployment)
        return _AnyTokenValidator(validator, self._settings)


class _KnownTokensValidator(ValidatorWrapper):
    """Keeps the last accepting verdict on each token, for when none can be reached."""

    def __init__(self, inner: Validator, settings: FailOpenSettings, deployment: DeploymentConfig) -> None:
        super().__init__(inner)
        self.fails_open = True
        self._settings = settings
        self._lifetime_s = deployment.token_lifetime_s

    def compute_bound(self) -> Bound:
        """Compute the bound: ``longest_s`` after the last good information; the token's own end holds in any case."""
        inner = self.inner.compute_bound()
        longest = min(self._settings.longest_s, self._lifetime_s + inner.after_expiry_s)
        return inner._replace(after_revocation_s=max(inner.after_revocation_s, longest))

    def create_wrapper_state(self) -> ExpiringCache[Verdict]:
        """Create an empty cache of verdicts."""
        return ExpiringCache(self._settings.capacity)

    def validate(self, ctx: Context, state: WrapperState, presented: PresentedToken) -> Flow[Verdict]:
        """Return the verdict of the validator inside; where it reaches none, its last one on this token."""
        verdicts: ExpiringCache[Verdict] = state.own
        key = ""
        if presented.token:
            key = yield Compute("token.hash", partial(make_store_key, presented.token))
        verdict = yield from self.inner.validate(ctx, state.inner, presented)
        if not key:
            return verdict
        if verdict.accepted:
            until = verdict.based_on + self._settings.longest_s
            if until > ctx.now():
                verdicts.put(key, verdict, until)
            return verdict
        if verdict.status != UNAVAILABLE:
            if verdict.status == 401:
                verdicts.drop(key)
            return verdict
        yield Compute("cache.lookup")
        yield Compute("claims.check")
        last = verdicts.get(key, ctx.now())
        if last is None or has_ended(last, ctx.now(), self.inner.compute_bound().after_expiry_s):
            return verdict
        return (
            last._replace(reason=REASON, nonce="", cookie=None) if has_scope(last.claims, presented.scope) else verdict
        )


class AvailabilityState:
    """Last contact of one replica with the authorization server (seconds), and the tokens that it refused."""

    __slots__ = ("last_contact_at", "refused_tokens")

    def __init__(self, capacity: int) -> None:
        self.last_contact_at = -inf
        self.refused_tokens: ExpiringCache[str] = ExpiringCache(capacity)


class _AnyTokenValidator(ValidatorWrapper):
    """Accepts each token that was not refused before."""

    def __init__(self, inner: Validator, settings: FailOpenSettings) -> None:
        super().__init__(inner)
        self.fails_open = True
        self._settings = settings

    def compute_bound(self) -> Bound:
        """Return no bound: a token that is new here is accepted however long ago it ended."""
        return Bound(inf, inf)

    def list_server_dependencies(self, demand: RequestDemand) -> ServerDependencies:
        """List what the validator inside needs, which lasts as long as requests are accepted without it.

        That is ``longest_s`` from the last answer, and of no use to requests that need claims or another credential.
        """
        inner = super().list_server_dependencies(demand)
        if not inner or demand.user_information_share > 0 or passes_other_credential(self.inner):
            return inner
        accepted_s = max(self._settings.longest_s - min(own.renewed_s for own in inner), 0.0)
        return tuple(own._replace(lasts_s=max(own.lasts_s, accepted_s)) for own in inner)

    def create_wrapper_state(self) -> AvailabilityState:
        """Create a state without contact: refuses until the authorization server has answered once."""
        return AvailabilityState(self._settings.capacity)

    def validate(self, ctx: Context, state: WrapperState, presented: PresentedToken) -> Flow[Verdict]:
        """Return the verdict of the validator inside; where it reaches none, accept within ``longest_s`` of contact."""
        availability: AvailabilityState = state.own
        send_call = partial(_record_contact, ctx, availability)
        verdict = yield from intercept_calls(
            self.inner.validate(ctx, state.inner, presented), is_authorization_server, send_call
        )
        if verdict.accepted or not presented.token:
            return verdict
        key = yield Compute("token.hash", partial(make_store_key, presented.token))
        yield Compute("cache.lookup")
        if verdict.status != UNAVAILABLE:
            availability.refused_tokens.put(key, verdict.reason, inf)
            return verdict
        if ctx.now() >= availability.last_contact_at + self._settings.longest_s:
            return verdict
        if availability.refused_tokens.get(key, ctx.now()) is not None:
            return verdict
        return Verdict(True, reason=REASON)


def _record_contact(ctx: Context, availability: AvailabilityState, call: Call) -> Flow[Answer]:
    requested_at = ctx.now()
    answer: Answer = yield call
    if find_failure(answer) is None:
        availability.last_contact_at = max(availability.last_contact_at, requested_at)
    return answer
