"""Exposure after revocation, and wrong verdicts: good tokens refused, bad tokens accepted."""

from typing import NamedTuple

import numpy as np

from simlib.analysis.availability import find_logged_out, select_user_requests
from simlib.analysis.columns import Floats, Integers, Mask, mean, ratio, select_rows
from simlib.scenario.records import FAILED, REFUSED, SESSION, STRANGER, Columns, Records

TOLERANCE_S = 0.1
"""By so much a verdict may be younger than the reading of the clock, or of a list, on which it rests."""


def measure_exposure(records: Records, warm_up_s: float) -> dict[str, float]:
    """Mean exposure per revocation that counts, in seconds and in requests, and how many revocations count.

    The exposure of a revocation lasts from ``effective`` to the last verdict after it that accepted the token: 0
    when none did. NaN when no revocation counts.

    A revocation counts when it took effect after the warm-up and at least one longest token lifetime before the
    horizon. Then nothing is censored, for its token expires within the run; and the choice does not depend on how
    long the token had to live. (Counting every revoked token that expires within the run would also avoid
    censoring, but would prefer tokens that were about to expire: with a run of twice the lifetime a stationary
    design that accepts until expiry would show 0.44 instead of 0.5 lifetimes, and far less in a shorter run.)
    """
    counted = list_counted_revocations(records, warm_up_s)
    verdicts = _sort_accepting_verdicts(records["requests"])
    spans = [_measure_span(verdicts, token, instant) for token, instant in counted]
    return {
        "exposure_s": mean(np.array([seconds for seconds, _ in spans])),
        "exposure_requests": mean(np.array([number for _, number in spans])),
        "revocations": float(len(counted)),
    }


def list_counted_revocations(records: Records, warm_up_s: float) -> list[tuple[int, float]]:
    """Token and effective instant (seconds) of the revocations that count."""
    tokens, revocations = records["tokens"], records["revocations"]
    lifetime = float((tokens["expires"] - tokens["issued"]).max()) if len(tokens["token"]) else 0.0
    effective = revocations["effective"]
    counted = (effective >= warm_up_s) & (effective + lifetime <= records.horizon)  # false where effective is NaN
    counted &= revocations["token"] != SESSION
    return list(zip(revocations["token"][counted].tolist(), effective[counted].tolist(), strict=True))


def _sort_accepting_verdicts(requests: Columns) -> tuple[Integers, Floats]:
    """Tokens and instants of the accepting verdicts, sorted by token and then by instant."""
    accepting = (requests["accepted"] == 1) & np.isfinite(requests["decided"])
    token, decided = requests["token"][accepting], requests["decided"][accepting]
    order = np.lexsort((decided, token))
    return token[order], decided[order]


def _measure_span(verdicts: tuple[Integers, Floats], token: int, instant: float) -> tuple[float, int]:
    """Seconds to the last accepting verdict on the token after the instant, and the number of such verdicts."""
    tokens, decided = verdicts
    first, last = np.searchsorted(tokens, token, side="left"), np.searchsorted(tokens, token, side="right")
    of_token = decided[first:last]
    later = of_token[np.searchsorted(of_token, instant, side="right") :]
    return (float(later[-1]) - instant, len(later)) if later.size else (0.0, 0)


class WrongVerdicts(NamedTuple):
    """Numbers of wrong verdicts on requests, from an instant to the end of the run.

    ``refused``: the token was in time and not revoked, and the answer was 401, 403 or 5xx. Accepted were ``forged``
    tokens of strangers, ``expired`` ones, and revoked ones ``within`` the time that the design promises and ``beyond``.
    """

    refused: int
    forged: int
    expired: int
    within: int
    beyond: int

    @property
    def accepted_wrongly(self) -> int:
        """Accepted against what the design promises."""
        return self.forged + self.expired + self.beyond


def count_wrong_verdicts(
    records: Records, since: float, after_revocation_s: float = 0.0, after_expiry_s: float = 0.0
) -> WrongVerdicts:
    """Count them over the requests that arrived at or after ``since``; all in seconds.

    ``after_revocation_s`` and ``after_expiry_s`` are what the design's validators declare (`Bound`).
    """
    requests = select_user_requests(records)
    requests = select_rows(requests, requests["arrival"] >= since)
    all_requests = records["requests"]
    forged = (all_requests["user"] == STRANGER) & (all_requests["accepted"] == 1) & (all_requests["arrival"] >= since)
    accepted = (requests["accepted"] == 1) & (requests["token"] >= 0) & np.isfinite(requests["decided"])
    expires, revoked = _find_token_ends(records, requests["token"])
    expired = requests["decided"] - expires > after_expiry_s + TOLERANCE_S
    since_revoked = requests["decided"] - revoked
    stale = since_revoked > TOLERANCE_S
    beyond = since_revoked > after_revocation_s + TOLERANCE_S
    return WrongVerdicts(
        refused=int(_find_wrongly_refused(requests, records, expires, revoked).sum()),
        forged=int(forged.sum()),
        expired=int((accepted & expired).sum()),
        within=int((accepted & ~expired & stale & ~beyond).sum()),
        beyond=int((accepted & ~expired & beyond).sum()),
    )


def compute_refused_valid_share(records: Records, requests: Columns) -> float:
    """Share of some requests of users that were refused in the end although their token was valid; NaN of none."""
    ends = _find_token_ends(records, requests["token"])
    wrong = _find_wrongly_refused(requests, records, *ends) & (requests["outcome"] == REFUSED)
    return ratio(int(wrong.sum()), len(wrong))


def _find_wrongly_refused(requests: Columns, records: Records, expires: Floats, revoked: Floats) -> Mask:
    status, outcome = requests["status"], requests["outcome"]
    refused = ((outcome == REFUSED) & np.isin(status, (401, 403))) | ((outcome == FAILED) & (status >= 500))
    instant = np.where(np.isfinite(requests["decided"]), requests["decided"], requests["end"])
    good = (requests["token"] >= 0) & (instant < expires) & ~(revoked <= instant)
    return np.asarray(refused & good & ~find_logged_out(requests, records), dtype=np.bool_)


def _find_token_ends(records: Records, token: Integers) -> tuple[Floats, Floats]:
    """When each presented token expires and when it was first revoked, infinity for never and for no token.

    The end of a token that the records do not have, as in a part of a run, is NaN.
    """
    tokens = records["tokens"]
    count = max(int(tokens["token"].max(initial=-1)), int(token.max(initial=-1))) + 1
    expires, revoked = np.full(count + 1, np.nan), np.full(count + 1, np.inf)
    expires[tokens["token"]], expires[-1] = tokens["expires"], np.inf
    revocations = records["revocations"]
    effective = (revocations["token"] >= 0) & np.isfinite(revocations["effective"])
    effective &= revocations["token"] < count
    np.minimum.at(revoked, revocations["token"][effective], revocations["effective"][effective])
    return expires[token], revoked[token]
