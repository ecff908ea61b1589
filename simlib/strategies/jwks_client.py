"""JWKS client of a resource server: fetches the key set of the authorization server, caches it and finds keys in it."""

from collections import deque
from dataclasses import dataclass
from functools import partial
from typing import Literal, get_args

from simlib.scenario.effects import Answer, Call, Compute, Context, Failed, Flow, Once
from simlib.scenario.messages import HttpRequest
from simlib.strategies.base import RequestDemand, ServerDependency, check_numbers, check_one_of
from simlib.strategies.call_interception import find_request_time
from simlib.tokens import KeySet, MalformedKeySet, VerificationKey

CooldownFrom = Literal["question", "success"]


@dataclass(frozen=True)
class JwksSettings:
    """``jwks_lifetime_s``: how long a fetched key set is used. Of the fetches that an unknown ``kid`` may cause there
    are at most ``unknown_kid_fetches`` in ``unknown_kid_cooldown_s`` (0: one for every such token), none at all when
    ``unknown_kid_refetch`` is false; every fetch counts, from its request ("question"), or only each that succeeded,
    from its answer ("success"): ``cooldown_from``. ``jwks_one_limiter``: the same limit holds for the fetch of a key
    set that has ended, so that forged tokens can use it up; then fetches are shared, and the set lives at least as
    long as the cool-down.

    ``jwks_refresh_ahead_s``: so long before its end the set is fetched anew in the background.
    ``jwks_stale_if_error_s``: so long after its end the old set is used when a fetch fails (RFC 5861 section 4).
    ``jwks_clear_on_error``: a fetch that fails removes the old set. ``jwks_error_pause_s``: least time from a fetch
    that failed to the next. ``jwks_attempts``: how often a fetch is tried at once. ``jwks_single_flight``: requests
    that need a fetch at the same time share one.
    """

    jwks_lifetime_s: float = 300.0
    unknown_kid_cooldown_s: float = 30.0
    unknown_kid_fetches: int = 1
    unknown_kid_refetch: bool = True
    cooldown_from: CooldownFrom = "question"
    jwks_one_limiter: bool = False
    jwks_refresh_ahead_s: float = 0.0
    jwks_stale_if_error_s: float = 0.0
    jwks_clear_on_error: bool = False
    jwks_error_pause_s: float = 0.0
    jwks_attempts: int = 1
    jwks_single_flight: bool = True

    def __post_init__(self) -> None:
        check_numbers(self, positive=("jwks_lifetime_s",), unknown_kid_cooldown_s=0, unknown_kid_fetches=1)
        check_numbers(self, jwks_refresh_ahead_s=0, jwks_stale_if_error_s=0, jwks_error_pause_s=0, jwks_attempts=1)
        check_one_of("cooldown_from", self.cooldown_from, get_args(CooldownFrom))
        if self.jwks_one_limiter and self.unknown_kid_cooldown_s > self.jwks_lifetime_s:
            raise ValueError("unknown_kid_cooldown_s must be at most jwks_lifetime_s with jwks_one_limiter")
        if self.jwks_one_limiter and not self.jwks_single_flight:
            raise ValueError("jwks_single_flight must be true with jwks_one_limiter, or some requests have no keys")
        if self.jwks_refresh_ahead_s >= self.jwks_lifetime_s:
            raise ValueError("jwks_refresh_ahead_s must be less than jwks_lifetime_s")


_NO_KEYS = KeySet(())


class KeyCache:
    """Key set of one replica; instants in seconds.

    ``counted`` are the fetches that count for the limit on unknown keys, the latest last. ``under_way``: fetches that
    have not ended.
    """

    __slots__ = ("counted", "failed_at", "keys", "under_way", "until")

    def __init__(self) -> None:
        self.keys = _NO_KEYS
        self.until = float("-inf")
        self.failed_at = float("-inf")
        self.counted: deque[float] = deque()
        self.under_way = 0


class JwksClient:
    """Fetches the key set when it is needed and has ended; charges ``jwks.parse``. ``timeout_s`` bounds one try.

    With the usual settings an unknown ``kid`` may cause one more fetch per cooldown, so that a new key is found and a
    flood of forged tokens is not passed on, and requests that need a fetch at the same time share one.
    """

    def __init__(self, settings: JwksSettings, timeout_s: float) -> None:
        self._settings = settings
        self._timeout_s = timeout_s

    def find_server_dependency(self, demand: RequestDemand) -> ServerDependency:
        """Find for how long keys surely last in an outage: as it begins, a set may be just about to be fetched anew."""
        settings = self._settings
        spare_s = settings.jwks_refresh_ahead_s + settings.jwks_stale_if_error_s
        lasts_s = 0.0 if settings.jwks_clear_on_error else max(spare_s - demand.longest_gap_s, 0.0)
        renewed_s = settings.jwks_lifetime_s - settings.jwks_refresh_ahead_s + demand.longest_gap_s
        return ServerDependency(lasts_s, renewed_s)

    def has_current_keys(self, ctx: Context, state: KeyCache) -> bool:
        """Whether the key set may be used and need not be fetched anew; then `ensure_key_set` would do nothing."""
        return ctx.now() < state.until - self._settings.jwks_refresh_ahead_s

    def ensure_key_set(self, ctx: Context, state: KeyCache) -> Flow[bool]:
        """Ensure that there is a key set that may be used, fetched now if needed; returns whether there is."""
        settings, now = self._settings, ctx.now()
        if now < state.until:
            if settings.jwks_refresh_ahead_s and now >= state.until - settings.jwks_refresh_ahead_s:
                yield from self._refresh_ahead(ctx, state)
            return True
        if self._can_fetch(ctx, state):
            yield from self._fetch_once(ctx, state)
        # Without a successful fetch, an older set may still be used because of the error.
        return ctx.now() < state.until + settings.jwks_stale_if_error_s

    def find_key(self, ctx: Context, state: KeyCache, kid: object) -> Flow[VerificationKey | None]:
        """Find the key of that name; None when there is none even in a new key set, or the name is no text."""
        if not isinstance(kid, str):
            return None
        key = state.keys.find(kid)
        if key is None and self._can_fetch_for_unknown_kid(ctx, state):
            yield from self._fetch_once(ctx, state)
            key = state.keys.find(kid)
        return key

    def _can_fetch(self, ctx: Context, state: KeyCache) -> bool:
        """Whether a key set that has ended may be fetched now; sharing a fetch adds none."""
        if state.under_way and self._settings.jwks_single_flight:
            return True
        if ctx.now() < state.failed_at + self._settings.jwks_error_pause_s:
            return False
        return not self._settings.jwks_one_limiter or self._is_below_limit(ctx, state)

    def _can_fetch_for_unknown_kid(self, ctx: Context, state: KeyCache) -> bool:
        if not self._settings.unknown_kid_refetch or ctx.now() < state.failed_at + self._settings.jwks_error_pause_s:
            return False
        if self._settings.jwks_stale_if_error_s and ctx.now() >= state.until:
            return False  # an old set is in use because a fetch has just failed
        return self._is_below_limit(ctx, state)

    def _is_below_limit(self, ctx: Context, state: KeyCache) -> bool:
        settings, counted = self._settings, state.counted
        if len(counted) < settings.unknown_kid_fetches:
            return True
        return ctx.now() >= counted[-settings.unknown_kid_fetches] + settings.unknown_kid_cooldown_s

    def _refresh_ahead(self, ctx: Context, state: KeyCache) -> Flow[None]:
        if self._can_fetch(ctx, state):
            yield Once("jwks", partial(self._fetch, ctx, state), wait=False)

    def _fetch_once(self, ctx: Context, state: KeyCache) -> Flow[None]:
        if self._settings.jwks_single_flight:
            yield Once("jwks", partial(self._fetch, ctx, state))
        else:
            yield from self._fetch(ctx, state)

    def _fetch(self, ctx: Context, state: KeyCache) -> Flow[None]:
        """Replace the key set; a failed fetch leaves the old one to its lifetime, or removes it."""
        state.under_way += 1
        succeeded = yield from self._try_fetch(ctx, state)
        state.under_way -= 1
        if not succeeded:
            state.failed_at = ctx.now()
            if self._settings.jwks_clear_on_error:
                state.keys, state.until = _NO_KEYS, float("-inf")

    def _try_fetch(self, ctx: Context, state: KeyCache) -> Flow[bool]:
        """Try to fetch a key set, which is then in use; returns whether an attempt succeeded."""
        settings = self._settings
        for _ in range(settings.jwks_attempts):
            requested_at = ctx.now()
            if settings.cooldown_from == "question":
                self._count(state, requested_at)
            reply: Answer = yield Call("jwks", HttpRequest(), self._timeout_s)
            keys = None if isinstance(reply, Failed) or reply.status != 200 else (yield from _parse(reply.body))
            if keys is not None:
                state.keys = keys
                state.until = find_request_time(reply, requested_at) + settings.jwks_lifetime_s
                if settings.cooldown_from == "success":
                    self._count(state, ctx.now())
                return True
        return False

    def _count(self, state: KeyCache, instant: float) -> None:
        state.counted.append(instant)
        if len(state.counted) > self._settings.unknown_kid_fetches:
            state.counted.popleft()


def _parse(body: bytes) -> Flow[KeySet | None]:
    """Parse the key set in an answer; None when it is malformed."""
    keys: KeySet | None = yield Compute("jwks.parse", partial(_decode, body))
    return keys


def _decode(body: bytes) -> KeySet | None:
    try:
        return KeySet.from_jwks(body)
    except MalformedKeySet:
        return None
