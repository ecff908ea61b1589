"""For how long a revoked token still worked.

Requests refused though their token was good, and accepted though it was not.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simlib.analysis.availability import logged_out, of_users
from simlib.analysis.latencies import mean
from simlib.scenario.records import FAILED, REFUSED, SESSION, STRANGER, Columns, Records


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


Floats = NDArray[np.float64]

TOLERANCE_S = 0.1
"""A verdict may be that much younger than the look at the clock, or at a list, on which it rests."""


class Wrongs(NamedTuple):
    """How many requests, from an instant to the end of the run.

    ``refused``: the token was in time and not revoked, and the answer was 401, 403 or 5xx. Accepted were ``forged``
    tokens of strangers, ``expired`` ones, and revoked ones ``within`` the time that the design promises and ``beyond``.
    """

    refused: int
    forged: int
    expired: int
    within: int
    beyond: int

    @property
    def accepted(self) -> int:
        """Accepted against what the design promises."""
        return self.forged + self.expired + self.beyond


def wrongs(records: Records, since: float, after_revocation_s: float = 0.0, after_expiry_s: float = 0.0) -> Wrongs:
    """Count them over the requests that arrived at or after ``since``; all in seconds.

    ``after_revocation_s`` and ``after_expiry_s`` are what the design's validators declare (`Bound`).
    """
    requests = of_users(records)
    requests = {name: column[requests["arrival"] >= since] for name, column in requests.items()}
    everybody = records["requests"]
    forged = (everybody["user"] == STRANGER) & (everybody["accepted"] == 1) & (everybody["arrival"] >= since)
    accepted = (requests["accepted"] == 1) & (requests["token"] >= 0) & np.isfinite(requests["decided"])
    expires, revoked = _ends(records, requests["token"])
    late = requests["decided"] - expires > after_expiry_s + TOLERANCE_S
    since_revoked = requests["decided"] - revoked
    stale = since_revoked > TOLERANCE_S
    beyond = since_revoked > after_revocation_s + TOLERANCE_S
    return Wrongs(
        refused=int(_refused(requests, records, expires, revoked).sum()),
        forged=int(forged.sum()),
        expired=int((accepted & late).sum()),
        within=int((accepted & ~late & stale & ~beyond).sum()),
        beyond=int((accepted & ~late & beyond).sum()),
    )


def _refused(requests: Columns, records: Records, expires: Floats, revoked: Floats) -> NDArray[np.bool_]:
    status, outcome = requests["status"], requests["outcome"]
    answered = ((outcome == REFUSED) & np.isin(status, (401, 403))) | ((outcome == FAILED) & (status >= 500))
    told = np.where(np.isfinite(requests["decided"]), requests["decided"], requests["end"])
    good = (requests["token"] >= 0) & (told < expires) & ~(revoked <= told)
    return np.asarray(answered & good & ~logged_out(requests, records), dtype=np.bool_)


def _ends(records: Records, token: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """When each presented token expires and when it was first revoked, infinity for never and for no token."""
    count = len(records["tokens"]["token"])
    expires, revoked = np.full(count + 1, np.inf), np.full(count + 1, np.inf)
    expires[records["tokens"]["token"]] = records["tokens"]["expires"]
    revocations = records["revocations"]
    known = (revocations["token"] >= 0) & np.isfinite(revocations["effective"])
    np.minimum.at(revoked, revocations["token"][known], revocations["effective"][known])
    return expires[token], revoked[token]
