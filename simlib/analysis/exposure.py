"""For how long a revoked token still worked."""

import numpy as np
from numpy.typing import NDArray

from simlib.analysis.latencies import mean
from simlib.scenario.records import SESSION, Columns, Records


def exposure(records: Records, warm_up_s: float) -> dict[str, float]:
    """Mean exposure per revocation that counts, in seconds and in requests, and how many revocations count.

    The exposure of a revocation lasts from ``effective`` to the last verdict after it that accepted the token: 0
    when none did. NaN when no revocation counts.

    A revocation counts when it took effect after the warm-up and at least one longest token lifetime before the
    horizon. Then nothing is censored, for its token expires within the run; and the choice does not depend on how
    long the token had to live. (Counting every revoked token that expires within the run would also avoid
    censoring, but would prefer tokens that were about to expire: with a run of twice the lifetime a stationary
    design that accepts until expiry would show 0.44 instead of 0.5 lifetimes, and far less in a shorter run.)
    """
    counted = watched(records, warm_up_s)
    verdicts = _accepted(records["requests"])
    spans = [_after(verdicts, token, instant) for token, instant in counted]
    return {
        "exposure_s": mean(np.array([seconds for seconds, _ in spans])),
        "exposure_requests": mean(np.array([number for _, number in spans])),
        "revocations": float(len(counted)),
    }


def watched(records: Records, warm_up_s: float) -> list[tuple[int, float]]:
    """Token and effective instant (seconds) of the revocations that count."""
    tokens, revocations = records["tokens"], records["revocations"]
    lifetime = float((tokens["expires"] - tokens["issued"]).max()) if len(tokens["token"]) else 0.0
    effective = revocations["effective"]
    kept = (effective >= warm_up_s) & (effective + lifetime <= records.horizon)  # false where effective is NaN
    kept &= revocations["token"] != SESSION
    return list(zip(revocations["token"][kept].tolist(), effective[kept].tolist(), strict=True))


def _accepted(requests: Columns) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Tokens and instants of the accepting verdicts, sorted by token and then by instant."""
    kept = (requests["accepted"] == 1) & np.isfinite(requests["decided"])
    token, decided = requests["token"][kept], requests["decided"][kept]
    order = np.lexsort((decided, token))
    return token[order], decided[order]


def _after(verdicts: tuple[NDArray[np.int64], NDArray[np.float64]], token: int, instant: float) -> tuple[float, int]:
    """Seconds to the last accepting verdict on the token after the instant, and the number of such verdicts."""
    tokens, decided = verdicts
    first, last = np.searchsorted(tokens, token, side="left"), np.searchsorted(tokens, token, side="right")
    own = decided[first:last]
    later = own[np.searchsorted(own, instant, side="right") :]
    return (float(later[-1]) - instant, len(later)) if later.size else (0.0, 0)
