"""Analysis of records: summaries, intervals over replications, stability; and the columns of all tables.

`summarise` reduces `simlib.Records` to one row of figures; `simlib.replicate` returns a pandas frame with one row per
replication, ``Comparison.table`` and `simlib.sweep` one per design and replication (and point). Columns: ``design``,
``replication``, then

- seconds: mean_s, p50_s, p95_s, p99_s (latency of requests that were served at once), mean_all_s, p95_all_s, p99_all_s
  (of all that were served), checking_mean_s, obtaining_mean_s (per request), sign_in_mean_s (per sign-in), rs_cpu_s,
  as_cpu_s (CPU time per request), exposure_s (per revoked token);
- 1/s: as_requests_per_s; bytes: bytes_per_request;
- shares: checking_share, sign_in_share, as_utilisation, rs_utilisation, gateway_utilisation, store_utilisation,
  shared_store_utilisation, busiest_utilisation (of the busiest host), hit_ratio, no_call_ratio, refused_share,
  refused_valid_share, retried_share, failed_share, availability;
- counts: tokens_in_use, signatures_made, signatures_verified, unfinished, exposure_requests.

They are NaN where they are undefined. `METRICS` has label, unit and direction of each; data/metrics.md says what each
counts and leaves out.

`to_frame` makes a frame of one table of records: requests, calls, tokens, revocations, stations, visits, operations or
faults. Their columns with types and units are in data/records.md. `student` and `compare_pairs` return an `Interval`
over replications, which are the independent values; both take arrays of shape (replications,).

Arguments out of range raise ValueError. Importing this package loads neither pandas nor scipy.
"""

from simlib.analysis.gain_figures import (
    GAIN_METRICS,
    compute_checking_quantile,
    compute_gain_figures,
    compute_older_shares,
    compute_outage_share,
)
from simlib.analysis.intervals import Interval, compare_pairs, estimate_replications, student
from simlib.analysis.littles_law import check_littles_law
from simlib.analysis.metrics import METRICS, Metric
from simlib.analysis.stability import Stability, assess_stability, count_in_system, is_unstable
from simlib.analysis.summary import summarise
from simlib.analysis.tables import compute_latency, select_after_warm_up, select_finished, select_outcomes, to_frame
from simlib.analysis.usage import compute_mean_reply_bytes, count_calls_per_request, tabulate_costs

__all__ = [
    "GAIN_METRICS",
    "METRICS",
    "Interval",
    "Metric",
    "Stability",
    "assess_stability",
    "check_littles_law",
    "compare_pairs",
    "compute_checking_quantile",
    "compute_gain_figures",
    "compute_latency",
    "compute_mean_reply_bytes",
    "compute_older_shares",
    "compute_outage_share",
    "count_calls_per_request",
    "count_in_system",
    "estimate_replications",
    "is_unstable",
    "select_after_warm_up",
    "select_finished",
    "select_outcomes",
    "student",
    "summarise",
    "tabulate_costs",
    "to_frame",
]
