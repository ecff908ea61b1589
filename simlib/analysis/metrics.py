"""The numbers a person sees: what they are called, in which unit they are shown, and which direction is good."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

_PLURALS = ("requests", "refused requests", "failed requests", "tokens", "distinct signatures", "bytes")


@dataclass(frozen=True)
class Metric:
    """One entry of a summary.

    ``unit`` is the unit of the stored value; a person sees ``factor`` times it, as ``shown_in``, with ``digits``
    decimals. ``lower_is_better`` is None for numbers that explain a design without making it better or worse.
    """

    name: str
    label: str
    unit: str
    lower_is_better: bool | None
    digits: int = 2
    shown_in: str = ""
    factor: float = 1.0

    def shown(self, value: float) -> str:
        """The value as a person sees it, with its unit; "-" where it is undefined."""
        if value != value:
            return "-"
        return f"{value * self.factor:,.{self.digits}f} {self.shown_unit}".rstrip()

    @property
    def plural(self) -> bool:
        """Whether its label is a plural, such as "requests"."""
        return self.label.startswith(_PLURALS)

    @property
    def shown_unit(self) -> str:
        """The unit that a person sees, empty for plain numbers."""
        return self.shown_in or self.unit


def _milliseconds(name: str, label: str, digits: int = 2) -> Metric:
    return Metric(name, label, "s", True, digits, "ms", 1e3)


def _share(name: str, label: str, lower_is_better: bool | None, digits: int = 1) -> Metric:
    return Metric(name, label, "", lower_is_better, digits, "%", 1e2)


def _count(name: str, label: str, lower_is_better: bool | None = None) -> Metric:
    return Metric(name, label, "", lower_is_better, 0)


METRICS: Mapping[str, Metric] = MappingProxyType(
    {
        metric.name: metric
        for metric in (
            _milliseconds("mean_s", "mean latency"),
            _milliseconds("p50_s", "p50 latency"),
            _milliseconds("p95_s", "p95 latency"),
            _milliseconds("p99_s", "p99 latency"),
            _milliseconds("checking_mean_s", "token checking per request", 3),
            _share("checking_share", "share of latency spent on token checking", True),
            _milliseconds("obtaining_mean_s", "waiting for a token per request", 3),
            # What sessions and users are like, not designs; and both are left out of the latencies.
            _share("sign_in_share", "requests that began with a sign-in", None, 3),
            Metric("sign_in_mean_s", "time of a sign-in", "s", None),
            Metric("as_requests_per_s", "requests at the authorization server", "1/s", True),
            _share("as_utilisation", "utilisation of the authorization server", True),
            _share("rs_utilisation", "utilisation of the resource server", True),
            _share("gateway_utilisation", "utilisation of the gateway", True),
            _share("store_utilisation", "utilisation of the token store", True),
            _share("shared_store_utilisation", "utilisation of the shared store", True),
            _milliseconds("rs_cpu_s", "CPU time per request at the resource server", 3),
            _milliseconds("as_cpu_s", "CPU time per request at the authorization server", 3),
            Metric("bytes_per_request", "bytes on the wire per request", "B", True, 0),
            # Neither good nor bad: a design that never asks hits always, and staleness is what hits are paid with.
            _share("hit_ratio", "cache hit ratio (validated without asking)", None),
            _count("tokens_in_use", "tokens in use"),
            _count("signatures_made", "distinct signatures made"),
            _count("signatures_verified", "distinct signatures verified"),
            # Refusing a revoked token is right, so more refusals are not worse by themselves.
            _share("refused_share", "refused requests", None, 3),
            _share("retried_share", "requests refused once, then served with a new token", None, 3),
            _share("failed_share", "failed requests", True, 3),
            # Told where a world has faults: the share of the requests that got the right answer in time.
            _share("availability", "availability", False, 3),
            _count("unfinished", "requests unfinished at the end", True),
            Metric("exposure_s", "exposure after revocation", "s", True),
            Metric("exposure_requests", "requests accepted after revocation", "", True),
        )
    }
)
"""Summary entry -> Metric, in the order of the table of a comparison."""
