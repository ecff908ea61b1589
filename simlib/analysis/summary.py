"""Summary of one replication of one design as one row of numbers; intervals over rows: `simlib.analysis.intervals`."""

from math import nan

from simlib.analysis.availability import compute_availability
from simlib.analysis.columns import ratio
from simlib.analysis.exposure import measure_exposure
from simlib.analysis.latencies import count_outcomes, select_arrived, summarise_latencies, summarise_sign_ins
from simlib.analysis.metrics import compute_registered
from simlib.analysis.stability import measure_backlog
from simlib.analysis.usage import count_signatures, summarise_usage
from simlib.analysis.utilisation import summarise_utilisation
from simlib.scenario.records import Records


def summarise(records: Records, warm_up_s: float) -> dict[str, float]:
    """Compute all numbers of one replication, seconds and bytes, NaN where a number is undefined.

    The warm-up (seconds) is a filter: requests count by arrival, calls by the instant they were sent, revocations
    by the instant they took effect, stations from their first sample after it. ``availability`` is a number only
    in runs with faults; their impact is measured by `simlib.analysis.fault_impact`. Raises ValueError when the warm-up
    is negative or not shorter than the run.
    """
    if not 0 <= warm_up_s < records.horizon:
        raise ValueError(f"warm-up of {warm_up_s:g} s in a run of {records.horizon:g} s; allowed: 0 to below the run")
    requests = select_arrived(records, warm_up_s)
    outcomes = count_outcomes(requests)
    return {
        **summarise_latencies(requests),
        **summarise_sign_ins(requests),
        **summarise_usage(records, requests, warm_up_s),
        **summarise_utilisation(records, warm_up_s),
        **count_signatures(records),
        **outcomes,
        "arrivals_per_s": ratio(outcomes["arrivals"], records.horizon - warm_up_s),
        **measure_exposure(records, warm_up_s),
        **measure_backlog(records, warm_up_s),
        "availability": compute_availability(records, warm_up_s, records.horizon)
        if len(records["faults"]["begin"])
        else nan,
        **compute_registered(records, warm_up_s),
    }
