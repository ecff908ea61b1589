"""A resource server that lets requests in when it cannot tell: availability bought with security."""

from dataclasses import dataclass
from functools import partial
from math import inf
from typing import ClassVar, Literal, get_args

from simlib.scenario.effects import Answer, Call, Compute, Context, Flow, Verdict
from simlib.strategies.base import ALL_FORMATS, Bound, DeploymentConfig, PresentedToken, TokenFormat
from simlib.strategies.call_interception import find_failure, intercept_calls, is_authorization_server
from simlib.strategies.expiring_cache import ExpiringCache
from simlib.strategies.protocols import Validator, Wrapper
from simlib.strategies.settings_checks import check_at_least, check_one_of, check_positive
from simlib.strategies.wrappers import ValidatorWrapper, WrapperState
from simlib.tokens import has_scope, judge_time, store_key

LetsIn = Literal["known", "any"]
CANNOT_TELL = 503
REASON = "fail_open"
"""The reason of a verdict that was accepted because nobody could tell."""


@dataclass(frozen=True)
class FailOpenSettings:
    """``lets_in`` "known": a token that this replica has accepted before goes on to be accepted until ``longest_s``
    after the last word of the authorization server that was good about it, with what was known of it, and never after
    its ``exp``. "any": whatever has not been refused here is accepted, with no claims, until ``longest_s`` after the
    server's last answer about anything; forged, expired and revoked tokens too, so nothing is promised any more.

    ``capacity``: how many tokens a replica remembers, the least recently used goes first. Refusals that are a word
    about a token are never overruled, as long as they are remembered. 60 s and 10,000 are assumptions.
    """

    longest_s: float = 60.0
    lets_in: LetsIn = "known"
    capacity: int = 10_000

    def __post_init__(self) -> None:
        check_positive("longest_s", self.longest_s)
        check_one_of("lets_in", self.lets_in, get_args(LetsIn))
        check_at_least("capacity", self.capacity, 1)


class FailOpen(Wrapper):
    """The opposite of a 503; its bound says what it costs, and its verdicts are marked."""

    name: ClassVar[str] = "fail_open"
    summary: ClassVar[str] = (
        "when gateway or services cannot tell, requests are let in for a while: with tokens that were good lately, or "
        "with any; around what stands before it in the list"
    )
    formats: ClassVar[frozenset[TokenFormat]] = ALL_FORMATS
    at_edge: ClassVar[bool] = False
    everywhere: ClassVar[bool] = True
    comes_before_bindings: ClassVar[bool] = True
    """Around a binding it would let in who cannot show the key, so the list of wrappers may not put it there."""
    Settings: ClassVar[type[FailOpenSettings]] = FailOpenSettings

    @staticmethod
    def list_operations(settings: FailOpenSettings, deployment: DeploymentConfig) -> frozenset[str]:
        """What it charges to a cost profile."""
        return frozenset({"token.hash", "cache.lookup", "claims.check"})

    @staticmethod
    def comes_last(settings: FailOpenSettings) -> bool:
        """Whether it must be the last wrapper: those around it could not tell tokens apart that have no claims."""
        return settings.lets_in == "any"

    def __init__(self, settings: FailOpenSettings, deployment: DeploymentConfig) -> None:
        self._settings = settings
        self._deployment = deployment

    def wrap_validator(self, validator: Validator) -> Validator:
        """Raises ValueError around a wrapper that binds tokens to clients: who cannot show the key would be let in."""
        if getattr(validator, "binds", False):
            raise ValueError("fail_open must come before the wrappers that bind tokens to clients")
        if self._settings.lets_in == "known":
            return _ForKnown(validator, self._settings, self._deployment)
        return _ForAny(validator, self._settings)


class _ForKnown(ValidatorWrapper):
    """The last good verdict on each token, in case that nobody can tell."""

    def __init__(self, inner: Validator, settings: FailOpenSettings, deployment: DeploymentConfig) -> None:
        super().__init__(inner)
        self.fails_open = True
        self._settings = settings
        self._lifetime_s = deployment.token_lifetime_s

    def compute_bound(self) -> Bound:
        """So long after the last good word as is stated; the token's own end holds in any case."""
        inner = self.inner.compute_bound()
        longest = min(self._settings.longest_s, self._lifetime_s + inner.after_expiry_s)
        return inner._replace(after_revocation_s=max(inner.after_revocation_s, longest))

    def create_wrapper_state(self) -> ExpiringCache[Verdict]:
        """No token known."""
        return ExpiringCache(self._settings.capacity)

    def validate(self, ctx: Context, state: WrapperState, presented: PresentedToken) -> Flow[Verdict]:
        """The verdict of the validator inside; where it cannot tell, its last word on this token."""
        known: ExpiringCache[Verdict] = state.own
        key = ""
        if presented.token:
            key = yield Compute("token.hash", partial(store_key, presented.token))
        verdict = yield from self.inner.validate(ctx, state.inner, presented)
        if not key:
            return verdict
        if verdict.accepted:
            until = verdict.based_on + self._settings.longest_s
            if until > ctx.now():
                known.put(key, verdict, until)
            return verdict
        if verdict.status != CANNOT_TELL:
            if verdict.status == 401:
                known.drop(key)
            return verdict
        yield Compute("cache.lookup")
        yield Compute("claims.check")
        last = known.get(key, ctx.now())
        if last is None or judge_time(last.claims, ctx.now(), self.inner.compute_bound().after_expiry_s) is not None:
            return verdict
        return (
            last._replace(reason=REASON, nonce="", cookie=None) if has_scope(last.claims, presented.scope) else verdict
        )


class Doors:
    """When one replica heard of the authorization server last (seconds), and which tokens were refused here."""

    __slots__ = ("heard_at", "refused")

    def __init__(self, capacity: int) -> None:
        self.heard_at = -inf
        self.refused: ExpiringCache[str] = ExpiringCache(capacity)


class _ForAny(ValidatorWrapper):
    """Everybody who was not sent away before."""

    def __init__(self, inner: Validator, settings: FailOpenSettings) -> None:
        super().__init__(inner)
        self.fails_open = True
        self._settings = settings

    def compute_bound(self) -> Bound:
        """A token that is new here is let in however long ago it ended."""
        return Bound(inf, inf)

    def create_wrapper_state(self) -> Doors:
        """Closed until the authorization server has been heard of."""
        return Doors(self._settings.capacity)

    def validate(self, ctx: Context, state: WrapperState, presented: PresentedToken) -> Flow[Verdict]:
        """The verdict of the validator inside; where it cannot tell, whether the doors are open."""
        doors: Doors = state.own
        listening = partial(_listening, ctx, doors)
        verdict = yield from intercept_calls(
            self.inner.validate(ctx, state.inner, presented), is_authorization_server, listening
        )
        if verdict.accepted or not presented.token:
            return verdict
        key = yield Compute("token.hash", partial(store_key, presented.token))
        yield Compute("cache.lookup")
        if verdict.status != CANNOT_TELL:
            doors.refused.put(key, verdict.reason, inf)
            return verdict
        if ctx.now() >= doors.heard_at + self._settings.longest_s or doors.refused.get(key, ctx.now()) is not None:
            return verdict
        return Verdict(True, reason=REASON)


def _listening(ctx: Context, doors: Doors, call: Call) -> Flow[Answer]:
    asked_at = ctx.now()
    answer: Answer = yield call
    if find_failure(answer) is None:
        doors.heard_at = max(doors.heard_at, asked_at)
    return answer
