"""The settings of Token Status Lists."""

from dataclasses import dataclass

from simlib.strategies.checks import at_least, positive
from simlib.strategies.denylist import KEPT_AFTER_EXPIRY_S


@dataclass(frozen=True)
class StatusListSettings:
    """``entries``: how many tokens one list has room for; each is a bit of it.

    ``ttl_s``: after this long a resource server fetches the list again; ``lifetime_s``: so long it goes on with the
    old one when it cannot. Both are at least 1, because they travel in whole seconds. ``timeout_s`` bounds each fetch,
    ``retry_s`` is the pause after one that failed, ``jwks_lifetime_s`` how long the keys are used by which lists are
    verified. ``limit_bytes``: a list that unpacks to more is refused. ``leeway_s``: how long an entry stays after the
    ``exp`` of its token, which must be no less than the leeway of the validators.
    """

    entries: int = 100_000
    ttl_s: float = 60.0
    lifetime_s: float = 60.0
    timeout_s: float = 5.0
    retry_s: float = 1.0
    jwks_lifetime_s: float = 300.0
    limit_bytes: int = 1_000_000
    leeway_s: float = KEPT_AFTER_EXPIRY_S

    def __post_init__(self) -> None:
        at_least("entries", self.entries, 1)
        at_least("ttl_s", self.ttl_s, 1)
        at_least("lifetime_s", self.lifetime_s, 1)
        if self.lifetime_s < self.ttl_s:
            raise ValueError("lifetime_s must be at least ttl_s")
        for key in ("timeout_s", "retry_s", "jwks_lifetime_s"):
            positive(key, getattr(self, key))
        at_least("leeway_s", self.leeway_s, 0)
        at_least("limit_bytes", self.limit_bytes, 1)
        if self.limit_bytes * 8 < self.entries:
            raise ValueError("limit_bytes must be enough for entries bits")
