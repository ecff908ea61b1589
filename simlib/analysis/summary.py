"""Summary of one replication of one design as one row of numbers; intervals over rows: `simlib.analysis.intervals`.

Latencies and outcomes are the part that comes from the requests table alone.
"""

from math import nan

import numpy as np

from simlib.analysis.availability import compute_availability
from simlib.analysis.columns import Floats, Mask, mean, ratio, select_rows
from simlib.analysis.exposure import compute_refused_valid_share, measure_exposure
from simlib.analysis.metrics import compute_registered
from simlib.analysis.quantiles import summarise_quantiles
from simlib.analysis.stability import measure_backlog
from simlib.analysis.usage import count_signatures, summarise_usage
from simlib.analysis.utilisation import summarise_utilisation
from simlib.scenario.records import FAILED, FINISHED, REFUSED, STRANGER, UNFINISHED, Columns, Records


def summarise(records: Records, warm_up_s: float) -> dict[str, float]:
    """Compute all numbers of one replication, seconds and bytes, NaN where a number is undefined.

    The warm-up (seconds) is a filter: requests count by arrival, calls by the instant they were sent, revocations
    by the instant they took effect, stations from their first sample after it. ``availability`` is a number only
    in runs with faults; their impact is measured by `simlib.analysis.fault_impact`. Raises ValueError when the warm-up
    is negative or not shorter than the run.
    """
    check_warm_up(warm_up_s, records.horizon)
    requests = select_arrived(records, warm_up_s)
    outcomes = count_outcomes(requests)
    return {
        **summarise_latencies(requests),
        **summarise_sign_ins(requests),
        **summarise_usage(records, requests, warm_up_s),
        **summarise_utilisation(records, warm_up_s),
        **count_signatures(records),
        **outcomes,
        "refused_valid_share": compute_refused_valid_share(records, requests),
        "arrivals_per_s": ratio(outcomes["arrivals"], records.horizon - warm_up_s),
        **measure_exposure(records, warm_up_s),
        **measure_backlog(records, warm_up_s),
        "availability": compute_availability(records, warm_up_s, records.horizon)
        if len(records["faults"]["begin"])
        else nan,
        **compute_registered(records, warm_up_s),
    }


def check_warm_up(warm_up_s: float, horizon_s: float) -> None:
    """Raise ValueError when a warm-up is negative or not shorter than the run."""
    if not 0 <= warm_up_s < horizon_s:
        raise ValueError(f"warm-up of {warm_up_s:g} s in a run of {horizon_s:g} s; allowed: 0 to below the run")


TIMED_QUANTILES = {"p95_s": 95.0, "p99_s": 99.0}
FINISHED_QUANTILES = {"p95_all_s": 95.0, "p99_all_s": 99.0}


def select_arrived(records: Records, warm_up_s: float) -> Columns:
    """The users' rows of the requests table that arrived at or after the warm-up (seconds); none of strangers."""
    requests = records["requests"]
    return select_rows(requests, (requests["arrival"] >= warm_up_s) & (requests["user"] != STRANGER))


def find_timed_requests(requests: Columns) -> Mask:
    """The requests whose time is a latency: finished, without a refusal, and without a sign-in on their way.

    A request that met a refusal and was served with a new token is left out: the refusal is what a revocation is for,
    scenarios revoke far more often than life does so that exposure can be measured, and designs that notice would look
    slow for noticing. One whose client signed in first is left out as well: what a user types and what the flow takes
    is not the latency of the API. `measure_finished_latency` leaves out neither, so that the two can be compared.
    """
    timed = (requests["outcome"] == FINISHED) & (requests["refusals"] <= 0) & (requests["signing_in"] <= 0)
    return np.asarray(timed, dtype=np.bool_)


def summarise_latencies(requests: Columns) -> dict[str, float]:
    """Mean and percentiles in seconds over `find_timed_requests`, and the parts spent on checking and obtaining tokens.

    The figures of all finished requests stand beside them. Unfinished requests have no latency yet; `count_outcomes`
    counts them, so that a design which leaves many of them behind is not taken for a quick one. ``checking_share`` is a
    ratio of means, not a mean of ratios.
    """
    timed = find_timed_requests(requests)
    latency, of_all = measure_latency(requests, timed), measure_finished_latency(requests)
    checking = requests["checking"][timed]
    return {
        "mean_s": mean(latency),
        "p50_s": float(np.median(latency)) if latency.size else np.nan,
        **summarise_quantiles(latency, TIMED_QUANTILES),
        "mean_all_s": mean(of_all),
        **summarise_quantiles(of_all, FINISHED_QUANTILES),
        "checking_mean_s": mean(checking),
        "checking_share": ratio(float(checking.sum()), float(latency.sum())),
        "obtaining_mean_s": mean(requests["obtaining"][timed]),
    }


def measure_latency(requests: Columns, rows: Mask) -> Floats:
    """Seconds from arrival to end of some requests, in the order of arrival."""
    arrival = requests["arrival"][rows]
    latency: Floats = (requests["end"][rows] - arrival)[np.argsort(arrival, kind="stable")]
    return latency


def measure_finished_latency(requests: Columns) -> Floats:
    """Seconds of every finished request, in the order of arrival, without the part that was a sign-in.

    Those that met a refusal and were then served count with both attempts.
    """
    served_at = requests["end"] - np.maximum(requests["signing_in"], 0.0)
    return measure_latency({**requests, "end": served_at}, np.asarray(requests["outcome"] == FINISHED))


def count_outcomes(requests: Columns) -> dict[str, float]:
    """Number of arrivals, and how many of these were refused, failed, or had no answer when the run ended."""
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


def summarise_sign_ins(requests: Columns) -> dict[str, float]:
    """Share of the requests whose client signed in, and the mean seconds that the sign-in took, NaN without any."""
    signing_in = requests["signing_in"]
    with_sign_in = signing_in[signing_in > 0]
    return {"sign_in_share": ratio(with_sign_in.size, signing_in.size), "sign_in_mean_s": mean(with_sign_in)}
