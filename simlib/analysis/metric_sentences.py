"""Sentences on metrics: what each counts, which requests, by which clock, and what is left out.

They are in reports, in JSON and in data/metrics.md, which `simlib.analysis.metrics_page` generates.
Instants are those of the simulation, whatever the clocks of the hosts say.
"""

from collections.abc import Mapping
from types import MappingProxyType

_TIMED = (
    "from arrival at the client to the answer, over the users' requests that arrived after the warm-up and were "
    "served; left out are those that were refused on the way, that began with a sign-in, or that have no answer yet"
)
_ALL = (
    "from arrival at the client to the answer, over all the users' requests that arrived after the warm-up and were "
    "served, also those that were refused first; only the time of sign-ins is taken off"
)
_INTERVAL = "The interval corrects the bias of short runs."
_WORK = "of the worker-seconds that there are those that were busy, by the samples of the stations after the warm-up"
_ARRIVED = "of the users' requests that arrived after the warm-up"
_STALE = (
    "from the last information of the authorization server behind a verdict, its answer or the issue of the token, to "
    "the verdict, over requests after the warm-up that were accepted; refused ones are left out"
)
_CPU = "busy worker-seconds per request that arrived between the first and the last sample after the warm-up"

SENTENCES: Mapping[str, str] = MappingProxyType(
    {
        "mean_s": f"Mean of the seconds {_TIMED}.",
        "mean_all_s": f"Mean of the seconds {_ALL}.",
        "p50_s": f"Median of the seconds {_TIMED}.",
        "p95_s": f"95th percentile of the seconds {_TIMED}. {_INTERVAL}",
        "p95_all_s": f"95th percentile of the seconds {_ALL}. {_INTERVAL}",
        "p99_s": f"99th percentile of the seconds {_TIMED}. {_INTERVAL}",
        "p99_all_s": f"99th percentile of the seconds {_ALL}. {_INTERVAL}",
        "checking_mean_s": (
            "Mean of the seconds in which gateway and services validated or exchanged tokens for a request, calls to "
            "the authorization server included, over the requests that count for the mean latency."
        ),
        "checking_share": (
            "Seconds of token checking divided by seconds of latency, both summed over the requests that count for the "
            "mean latency: a ratio of means."
        ),
        "obtaining_mean_s": (
            "Mean of the seconds in which the client of a request waited for an access token before its call, over the "
            "requests that count for the mean latency."
        ),
        "sign_in_share": f"Share {_ARRIVED} whose client signed in before its call, finished or not.",
        "sign_in_mean_s": (
            "Mean of the seconds from the begin of a sign-in to its tokens, waits for the user's approval included, "
            "over the requests that began with one."
        ),
        "as_requests_per_s": (
            "Calls sent to the authorization servers of all regions after the warm-up per second, by clients, gateways "
            "and services, to all endpoints, answered or not; pushes of the server itself are left out."
        ),
        "as_utilisation": f"Share {_WORK}, over all replicas of the authorization servers of all regions together.",
        "rs_utilisation": (
            f"Share {_WORK}, over all hosts that check or forward tokens together, the gateway and every service, so "
            "that a busy one among idle ones does not show."
        ),
        "busiest_utilisation": (
            f"Share {_WORK}, of the one host where it is largest in a replication, all its replicas together; "
            "gateways, services, backends, authorization servers and stores; clients and threads are left out."
        ),
        "gateway_utilisation": f"Share {_WORK}, over all replicas of the gateways.",
        "store_utilisation": (
            f"Share {_WORK}, over the hosts of the token store; undefined where it is part of the server."
        ),
        "shared_store_utilisation": f"Share {_WORK}, over the host of the key-value store that servers share.",
        "rs_cpu_s": (
            f"Mean of {_CPU}, of all hosts that check or forward tokens; the work of floods and of requests that fail "
            "counts too, clients are left out."
        ),
        "as_cpu_s": f"Mean of {_CPU}, of the authorization servers of all regions, background work included.",
        "bytes_per_request": (
            f"Mean of the bytes {_ARRIVED}, on all links in both directions and in all attempts, finished or not; "
            "background work such as polling is left out."
        ),
        "hit_ratio": (
            f"Share {_ARRIVED} and had a verdict, without a call to the authorization server and without waiting for "
            "the call of another request; 100 % for a design that makes no such calls."
        ),
        "no_call_ratio": (
            f"Share {_ARRIVED} and had a verdict, without a call of their own to the authorization server: those that "
            "waited for the call of another request (single flight) count here, and are left out of the hit ratio."
        ),
        "tokens_in_use": (
            "Mean over the time after the warm-up of the number of access tokens that clients hold within their life: "
            "from issue until expiry, revocation or the next token of the same user; tokens that services obtained by "
            "exchange are left out."
        ),
        "signatures_made": (
            "Signatures that were really computed in the whole run, warm-up included, because operations are counted "
            "and not dated."
        ),
        "signatures_verified": (
            "Verifications that were really computed in the whole run, warm-up included; servers are charged for every "
            "verification, also for those whose result the simulator knew."
        ),
        "refused_share": (
            f"Share {_ARRIVED} whose last answer was 400, 401 or 403, rightly or not; those that were served after a "
            "refusal are left out."
        ),
        "refused_valid_share": (
            f"Share {_ARRIVED} whose last answer was 401 or 403 though their token was within its life by the time of "
            "the simulation and neither it nor the user's session was revoked, as by a clock that is wrong or in an "
            "outage; failed requests leave them out."
        ),
        "retried_share": (
            f"Share {_ARRIVED} that a gateway or service refused and that was served all the same, with a new token; "
            "they are left out of the mean latency and count for that of all finished requests."
        ),
        "failed_share": (
            f"Share {_ARRIVED} whose last answer was 429, 431, 5xx or none within the timeout; refusals, and requests "
            "without an answer when the run ends, are left out."
        ),
        "availability": (
            f"Share {_ARRIVED} that got the right answer within a second: service, or a refusal where the user's "
            "session was ended; in worlds with faults alone; requests that the end of the run cut off are left out."
        ),
        "unfinished": (
            "Users' requests that arrived after the warm-up and have no answer when the run ends; they are left out of "
            "every latency."
        ),
        "exposure_s": (
            "Mean of the seconds from a revocation at the authorization server to the last verdict after it that "
            "accepted the token, 0 without one, over revocations after the warm-up; those less than a longest token "
            "lifetime before the end, and ended sessions, are left out."
        ),
        "exposure_requests": (
            "Mean number of verdicts that accepted a token after its revocation, over the revocations that count for "
            "the exposure."
        ),
        "store_operations_per_request": (
            "Reads and writes of the token store per request of the whole run, warm-up included, because operations "
            "are counted and not dated; those of floods and of background work count too."
        ),
        "store_s": (
            "Seconds that the authorization server or the database was charged for the token store per request of the "
            "whole run, warm-up included; waiting for it is left out."
        ),
        "store_cpu_s": f"Mean of {_CPU}, of the database; undefined where the store is part of the server.",
        "shared_store_cpu_s": f"Mean of {_CPU}, of the key-value store that servers share.",
        "rows_written_per_s": (
            "Rows written to the token store per second: to a database after the warm-up, to a store inside the server "
            "in the whole run; revocations, which change a row, are left out."
        ),
        "tokens_issued_per_s": (
            "Access tokens issued per second after the warm-up, to clients and, by exchange, to services; those from "
            "before the run are left out."
        ),
        "staleness_mean_s": f"Mean of the seconds {_STALE}.",
        "staleness_p99_s": f"99th percentile of the seconds {_STALE}.",
        "staleness_max_s": f"Longest of the seconds {_STALE}.",
        "header_bytes": (
            "Bytes of the largest head of a request to a gateway, a service or a backend in the whole run, token and "
            "proof included; pushes of the authorization server are left out."
        ),
        "kept_rows": (
            "Rows that the token store holds at a time when nothing is deleted before it expires: rows written per "
            "second times the time for which a row is kept, by Little's law. Where users send requests as Poisson "
            "streams and sessions do not end, renewals count as often as in the long run, whatever this run had."
        ),
        "stored_bytes": "Bytes of these rows, keys included; indexes and overhead of a database are left out.",
    }
)
"""Metric -> one sentence, or two."""
