"""One replication of one design as one row of numbers; intervals over such rows are made elsewhere."""

from math import nan

from simlib.analysis.availability import availability
from simlib.analysis.exposure import exposure
from simlib.analysis.latencies import arrived, latencies, outcomes, ratio, sign_ins
from simlib.analysis.stability import backlog
from simlib.analysis.usage import signatures, usage
from simlib.analysis.utilisation import occupancy
from simlib.scenario.records import Records


def summarise(records: Records, warm_up_s: float) -> dict[str, float]:
    """All numbers of one replication, seconds and bytes, NaN where a number is undefined.

    The warm-up (seconds) is a filter: requests count by arrival, calls by the instant they were sent, revocations
    by the instant they took effect, stations from their first sample after it. ``availability`` is told where
    something went wrong; what a bad day did, `simlib.analysis.fault_impact` tells. Raises ValueError when the warm-up
    is negative or not shorter than the run.
    """
    if not 0 <= warm_up_s < records.horizon:
        raise ValueError(f"warm-up of {warm_up_s:g} s in a run of {records.horizon:g} s; allowed: 0 to below the run")
    requests = arrived(records, warm_up_s)
    ends = outcomes(requests)
    return {
        **latencies(requests),
        **sign_ins(requests),
        **usage(records, requests, warm_up_s),
        **occupancy(records, warm_up_s),
        **signatures(records),
        **ends,
        "arrivals_per_s": ratio(ends["arrivals"], records.horizon - warm_up_s),
        **exposure(records, warm_up_s),
        **backlog(records, warm_up_s),
        "availability": availability(records, warm_up_s, records.horizon) if len(records["faults"]["begin"]) else nan,
    }
