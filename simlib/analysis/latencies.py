"""How long requests took and how they ended: the part of a summary that comes from the requests alone."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from simlib.scenario.records import FAILED, FINISHED, REFUSED, STRANGER, UNFINISHED, Columns, Records

QUANTILES = {"p50_s": 50, "p95_s": 95, "p99_s": 99}


def arrived(records: Records, warm_up_s: float) -> Columns:
    """The users' rows of the requests table that arrived at or after the warm-up (seconds); none of strangers."""
    requests = records["requests"]
    kept = (requests["arrival"] >= warm_up_s) & (requests["user"] != STRANGER)
    return {name: column[kept] for name, column in requests.items()}


def timed(requests: Columns) -> NDArray[np.bool_]:
    """The requests whose time is a latency: finished, without a refusal, and without a sign-in on their way.

    A request that met a refusal and was served with a new token is left out: the refusal is what a revocation is for,
    scenarios revoke far more often than life does so that exposure can be measured, and designs that notice would look
    slow for noticing. One whose client signed in first is left out as well: what a user types and what the flow takes
    is not the latency of the API. `outcomes` and `sign_ins` count both.
    """
    done = (requests["outcome"] == FINISHED) & (requests["refusals"] <= 0) & (requests["signing_in"] <= 0)
    return np.asarray(done, dtype=np.bool_)


def latencies(requests: Columns) -> dict[str, float]:
    """Mean and percentiles in seconds over `timed` requests, and how much of it was checking and obtaining.

    Unfinished requests have no latency yet; they are counted by ``outcomes``, so that a design which leaves many of
    them behind is not taken for a quick one. ``checking_share`` is a ratio of means, not a mean of ratios.
    """
    done = timed(requests)
    taken = (requests["end"] - requests["arrival"])[done]
    checking = requests["checking"][done]
    return {
        "mean_s": mean(taken),
        **{name: float(np.percentile(taken, q)) if taken.size else np.nan for name, q in QUANTILES.items()},
        "checking_mean_s": mean(checking),
        "checking_share": ratio(float(checking.sum()), float(taken.sum())),
        "obtaining_mean_s": mean(requests["obtaining"][done]),
    }


def outcomes(requests: Columns) -> dict[str, float]:
    """How many arrived, and how many of these were refused, failed, or had no answer when the run ended."""
    outcome, arrivals = requests["outcome"], len(requests["outcome"])
    retried = int(((outcome == FINISHED) & (requests["refusals"] > 0)).sum())
    refused, failed = int((outcome == REFUSED).sum()), int((outcome == FAILED).sum())
    return {
        "arrivals": float(arrivals),
        "refused": float(refused),
        "failed": float(failed),
        "unfinished": float((outcome == UNFINISHED).sum()),
        "refused_share": ratio(refused, arrivals),
        "retried_share": ratio(retried, arrivals),
        "failed_share": ratio(failed, arrivals),
    }


def sign_ins(requests: Columns) -> dict[str, float]:
    """The share of the requests whose client signed in, and the mean seconds that this took them, NaN without any."""
    signing_in = requests["signing_in"]
    with_sign_in = signing_in[signing_in > 0]
    return {"sign_in_share": ratio(with_sign_in.size, signing_in.size), "sign_in_mean_s": mean(with_sign_in)}


def mean(values: NDArray[Any]) -> float:
    """The arithmetic mean, NaN of nothing."""
    return float(values.mean()) if values.size else np.nan


def ratio(part: float, whole: float) -> float:
    """part / whole, NaN when the whole is zero."""
    return part / whole if whole else np.nan
