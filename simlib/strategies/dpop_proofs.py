"""DPoP proofs as a server checks them, the same at the API and at the token endpoint (RFC 9449 section 4.3).

The replay cache keeps the identifiers seen for as long as the same proof is in time (RFC 9449 section 11.1).
"""

import math
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from simlib.scenario.effects import Compute, Context, Flow
from simlib.strategies.base import check_numbers
from simlib.tokens import ProofVerification, VerifiedProof, compute_nonce, from_numeric_date


class ReplayCache:
    """Bounded in number: when it is full of proofs that are still in time, no proof can be judged any more."""

    __slots__ = ("_capacity", "_seen")

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._seen: OrderedDict[tuple[str, str], float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._seen)

    def is_full(self, now: float) -> bool:
        """Whether there is no room at ``now`` (seconds), after proofs that are over have been removed."""
        while self._seen:
            key, until = next(iter(self._seen.items()))
            if until > now:
                break
            del self._seen[key]
        return len(self._seen) >= self._capacity

    def begin_stationary(self, kept_s: float, proofs_per_s: float, draw: Callable[[], float]) -> None:
        """Record proofs as after a long time at that rate, where there may not be room for all of them.

        Their number is that of calls in an Erlang loss system, and what is left of each is uniform on [0, kept_s).
        """
        expected = proofs_per_s * kept_s
        if expected + 6 * math.sqrt(expected) > self._capacity:
            count = _draw_busy(expected, self._capacity, draw())
            self._seen.clear()  # instants must not decrease
            for number, until in enumerate(sorted(kept_s * draw() for _ in range(count))):
                self._seen["", f"before the run {number}"] = until

    def record(self, thumbprint: str, jti: str, until: float) -> bool:
        """Record a proof until an instant (seconds), which must not decrease; returns whether it was new."""
        key = (thumbprint, jti)
        if key in self._seen:
            return False
        self._seen[key] = until
        return True


def _draw_busy(load: float, servers: int, uniform: float) -> int:
    """Draw how many servers of a loss system are busy: a Poisson number of that mean, given that it is at most all."""
    weights = [1.0]  # of all servers, one less, and so on
    while len(weights) <= servers and weights[-1] > 1e-12 * max(weights[0], load / servers):
        weights.append(weights[-1] * (servers + 1 - len(weights)) / load)
    reached, total = 0.0, uniform * sum(weights)
    for idle, weight in enumerate(weights):
        reached += weight
        if reached > total:
            return servers - idle
    return servers


Refusal = Literal["", "invalid_dpop_proof", "use_dpop_nonce", "unavailable"]


@dataclass(frozen=True)
class DpopSettings:
    """``max_age_s``: how old a proof may be; ``leeway_s``: how far ahead of the server the client's clock may be.

    ``nonce_s``: how long the server's nonce stays the same, 0 for no nonces; the one before is good as well.
    ``capacity``: proofs of that age that a replica keeps against replay, at least 1000; beyond it, it answers 503.
    ``require_bound``: a token that is bound to no key is refused where tokens come in from clients.
    """

    max_age_s: float = 60.0
    leeway_s: float = 5.0
    nonce_s: float = 0.0
    capacity: int = 1_000_000
    require_bound: bool = True

    def __post_init__(self) -> None:
        check_numbers(self, positive=("max_age_s",), leeway_s=0, nonce_s=0, capacity=1000)

    @property
    def kept_s(self) -> float:
        """Seconds for which a proof is kept: with its iat none is in time any longer, since that is at most leeway_s
        ahead of now.
        """
        return self.leeway_s + self.max_age_s


class ProofVerdict(NamedTuple):
    """A proof that holds, or the error code and the name of the check that refused it."""

    proof: VerifiedProof
    error: Refusal = ""
    reason: str = ""


class ProofVerifier:
    """Verifies proofs; ``place`` separates the nonces of one kind of server from those of another; its replicas share
    ``secret``.
    """

    def __init__(self, settings: DpopSettings, place: str, secret: str) -> None:
        self._settings = settings
        self._place = place
        self._secret = secret

    def issue_nonce(self, now: float) -> str:
        """Issue the nonce that clients should use at ``now`` (seconds), empty when none is required."""
        return self._compute_nonce(now, 0) if self._settings.nonce_s else ""

    def verify(self, ctx: Context, verification: ProofVerification) -> Flow[ProofVerdict]:
        """Verify signature and claims, age, and nonce; not yet whether it is new."""
        proof: VerifiedProof = yield Compute("dpop.verify", verification)
        if not proof.thumbprint:
            return ProofVerdict(proof, "invalid_dpop_proof", f"proof_{proof.reason}")
        now, issued_at = ctx.now(), from_numeric_date(proof.issued_at)
        if not now - self._settings.max_age_s <= issued_at <= now + self._settings.leeway_s:
            return ProofVerdict(proof, "invalid_dpop_proof", "proof_iat")
        if self._settings.nonce_s and proof.nonce not in (self._compute_nonce(now, 0), self._compute_nonce(now, -1)):
            return ProofVerdict(proof, "use_dpop_nonce", "proof_nonce")
        return ProofVerdict(proof)

    def check_first_use(self, ctx: Context, cache: ReplayCache, proof: VerifiedProof) -> Flow[ProofVerdict]:
        """Check that the proof is new, and record it. No other request comes between the two."""
        yield Compute("cache.lookup")
        now = ctx.now()
        if cache.is_full(now):
            return ProofVerdict(proof, "unavailable", "proof_memory")
        if not cache.record(proof.thumbprint, proof.jti, now + self._settings.kept_s):
            return ProofVerdict(proof, "invalid_dpop_proof", "proof_replayed")
        return ProofVerdict(proof)

    def _compute_nonce(self, now: float, periods: int) -> str:
        return compute_nonce(self._secret, self._place, int(now // self._settings.nonce_s) + periods)
