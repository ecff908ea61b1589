"""How a resource server looks after the key set of the authorization server: settings that all its parts share."""

from dataclasses import dataclass
from typing import Literal, get_args

from simlib.strategies.checks import at_least, one_of, positive

CooldownFrom = Literal["question", "success"]


@dataclass(frozen=True)
class JwksSettings:
    """``jwks_lifetime_s``: how long a fetched key set is used. Of the fetches that an unknown ``kid`` may cause there
    are at most ``unknown_kid_fetches`` in ``unknown_kid_cooldown_s`` (0: one for every such token), none at all when
    ``unknown_kid_refetch`` is false; every fetch counts, from when it was asked for, or only those that succeeded from
    when they were answered (``cooldown_from``). ``jwks_one_limiter``: the same limit holds for the fetch of a key set
    that has ended, so that strangers can use it up; then fetches are shared, and
    the set lives at least as long as the cool-down.

    ``jwks_refresh_ahead_s``: so long before its end the set is fetched anew behind the requests.
    ``jwks_stale_if_error_s``: so long after its end the old set is used when a fetch fails (RFC 5861 section 4).
    ``jwks_clear_on_error``: a fetch that fails takes the old set away. ``jwks_error_pause_s``: least time from a fetch
    that failed to the next. ``jwks_attempts``: how often a fetch is tried at once. ``jwks_single_flight``: all who need
    a fetch at the same time share one.
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
        positive("jwks_lifetime_s", self.jwks_lifetime_s)
        at_least("unknown_kid_cooldown_s", self.unknown_kid_cooldown_s, 0)
        at_least("unknown_kid_fetches", self.unknown_kid_fetches, 1)
        one_of("cooldown_from", self.cooldown_from, get_args(CooldownFrom))
        at_least("jwks_refresh_ahead_s", self.jwks_refresh_ahead_s, 0)
        if self.jwks_one_limiter and self.unknown_kid_cooldown_s > self.jwks_lifetime_s:
            raise ValueError("unknown_kid_cooldown_s must be at most jwks_lifetime_s with jwks_one_limiter")
        if self.jwks_one_limiter and not self.jwks_single_flight:
            raise ValueError("jwks_single_flight must be true with jwks_one_limiter, or who may not fetch has no keys")
        if self.jwks_refresh_ahead_s >= self.jwks_lifetime_s:
            raise ValueError("jwks_refresh_ahead_s must be less than jwks_lifetime_s")
        at_least("jwks_stale_if_error_s", self.jwks_stale_if_error_s, 0)
        at_least("jwks_error_pause_s", self.jwks_error_pause_s, 0)
        at_least("jwks_attempts", self.jwks_attempts, 1)
