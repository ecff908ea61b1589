"""Metrics of a summary: label, unit and number of decimals of each, and which direction is better."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import inf, isinf
from numbers import Real
from types import MappingProxyType

from simlib.analysis.metric_sentences import SENTENCES
from simlib.scenario.errors import InputError
from simlib.scenario.records import Records
from simlib.scenario.registry import PluginGroup, Registry, describe_exception, note_registration
from simlib.scenario.texts import check_label

_PLURALS = ("requests", "refused requests", "failed requests", "tokens", "distinct signatures", "bytes")


@dataclass(frozen=True)
class Metric:
    """One entry of a summary.

    ``unit`` is the unit of the stored value; it is displayed times ``factor``, in ``scaled_unit``, with ``digits``
    decimals. ``lower_is_better`` is None for numbers that explain a design without making it better or worse.
    ``sentence`` says what it counts: which requests, by which clock, and what is left out. Values below ``lowest`` and
    above ``highest`` are impossible, so intervals end there.
    """

    name: str
    label: str
    unit: str
    lower_is_better: bool | None
    digits: int = 2
    scaled_unit: str = ""
    factor: float = 1.0
    sentence: str = ""
    lowest: float = -inf
    highest: float = inf

    def format(self, value: float) -> str:
        """The value as it is displayed, with its unit; "-" where it is undefined."""
        if value != value:
            return "-"
        return f"{value * self.factor:,.{self.digits}f} {self.display_unit}".rstrip()

    @property
    def is_plural(self) -> bool:
        """Whether the label is a plural, such as "requests"."""
        return self.label.startswith(_PLURALS)

    @property
    def display_unit(self) -> str:
        """The unit in which it is displayed, empty for plain numbers."""
        return self.scaled_unit or self.unit


def _make_latency(name: str, label: str, digits: int = 2) -> Metric:
    return Metric(name, label, "s", True, digits, "ms", 1e3)


def _make_share(name: str, label: str, lower_is_better: bool | None, digits: int = 1) -> Metric:
    return Metric(name, label, "", lower_is_better, digits, "%", 1e2)


def limit_metric(metric: Metric) -> Metric:
    """A metric of simlib itself: a number of things or an amount, not below 0, of which shares are not above 1."""
    return replace(metric, lowest=0.0, highest=1.0 if metric.display_unit == "%" else inf)


def _make_count(name: str, label: str, lower_is_better: bool | None = None) -> Metric:
    return Metric(name, label, "", lower_is_better, 0)


_PLUGINS = PluginGroup("simlib.metrics", lambda pair: _add_pair(pair))

METRICS: Registry[Metric] = Registry(
    "metric",
    {
        metric.name: limit_metric(replace(metric, sentence=SENTENCES[metric.name]))
        for metric in (
            _make_latency("mean_s", "mean latency"),
            _make_latency("mean_all_s", "mean latency of all finished requests"),
            _make_latency("p50_s", "p50 latency"),
            _make_latency("p95_s", "p95 latency"),
            _make_latency("p95_all_s", "p95 latency of all finished requests"),
            _make_latency("p99_s", "p99 latency"),
            _make_latency("p99_all_s", "p99 latency of all finished requests"),
            _make_latency("checking_mean_s", "token checking per request", 3),
            _make_share("checking_share", "share of latency spent on token checking", True),
            _make_latency("obtaining_mean_s", "waiting for a token per request", 3),
            # Properties of sessions and users, not of designs; and both are left out of the latencies.
            _make_share("sign_in_share", "requests that began with a sign-in", None, 3),
            Metric("sign_in_mean_s", "time of a sign-in", "s", None),
            Metric("as_requests_per_s", "requests at the authorization server", "1/s", True),
            _make_share("as_utilisation", "utilisation of the authorization server", True),
            _make_share("rs_utilisation", "utilisation of the resource server (mean of its hosts)", True),
            _make_share("busiest_utilisation", "utilisation of the busiest host", True),
            _make_share("gateway_utilisation", "utilisation of the gateway", True),
            _make_share("store_utilisation", "utilisation of the token store", True),
            _make_share("shared_store_utilisation", "utilisation of the shared store", True),
            _make_latency("rs_cpu_s", "CPU time per request at the resource server", 3),
            _make_latency("as_cpu_s", "CPU time per request at the authorization server", 3),
            Metric("bytes_per_request", "bytes on the wire per request", "B", True, 0),
            # Neither good nor bad: a design without introspection hits always, and hits are paid for in staleness.
            _make_share("hit_ratio", "cache hit ratio (neither a call nor a wait for one)", None),
            _make_share("no_call_ratio", "requests validated without a call of their own", None),
            Metric("tokens_in_use", "tokens in use at a time", "", None, 1),
            _make_count("signatures_made", "distinct signatures made"),
            _make_count("signatures_verified", "distinct signatures verified"),
            # Refusing a revoked token is right, so more refusals are not worse by themselves.
            _make_share("refused_share", "refused requests", None, 3),
            _make_share("refused_valid_share", "requests refused although their token was valid", True, 3),
            _make_share("retried_share", "requests refused once, then served with a new token", None, 3),
            _make_share("failed_share", "failed requests", True, 3),
            # Only in a world with faults: the share of the requests that got the correct answer in time.
            _make_share("availability", "availability", False, 3),
            _make_count("unfinished", "requests unfinished at the end", True),
            Metric("exposure_s", "exposure after revocation", "s", True),
            Metric("exposure_requests", "requests accepted after revocation", "", True),
        )
    },
    _PLUGINS,
)
"""Entry of a summary -> Metric, in the order of the table of a comparison.

A further metric is a function of records (see `simlib.analysis.summary`), a line there, and a row here; a metric of
your own is registered by `register_metric`, or named by an entry point of the group ``simlib.metrics``.
"""

COMPANIONS: Mapping[str, str] = MappingProxyType(
    {
        **{"mean_s": "mean_all_s", "p95_s": "p95_all_s", "p99_s": "p99_all_s"},
        **{
            "hit_ratio": "no_call_ratio",
            "rs_utilisation": "busiest_utilisation",
            "failed_share": "refused_valid_share",
        },
    }
)
"""Metric that leaves something out, or averages over it -> the one that stands beside it wherever it may flatter."""
LISTED_IF_OTHER: Mapping[str, str] = MappingProxyType(
    {beside: name for name, beside in COMPANIONS.items() if name not in ("rs_utilisation", "failed_share")}
)
"""Metric that stands beside another one -> that one; it is not reported where it is the same figure."""

Compute = Callable[[Records, float], float]
"""Records and warm-up (seconds) -> the value of a metric, NaN where it is undefined."""
_COMPUTED: dict[str, Compute] = {}
_COLUMNS = frozenset(
    (
        *("design", "replication", "key", "value", "asked_per_request", "signatures_verified_charged", "arrivals"),
        *("introspections_per_s", "refused", "failed", "arrivals_per_s", "revocations", "backlog_slope", "backlog_end"),
    )
)
"""Columns of tables of replications that are no metrics, but that a metric of the same name would overwrite."""


def register_metric(metric: Metric, compute: Compute) -> None:
    """Add a metric of your own: it is computed with every summary, compared, judged and reported like the others.

    Raises ValueError when the name is that of a built-in metric or of a column of tables, or the label is empty. A
    metric that was registered before is replaced. An entry point names the pair ``(metric, compute)``.
    """
    _add_metric(metric, compute)
    note_registration("simlib.metrics", metric.name, register_metric, metric, compute)


def _add_pair(pair: object) -> None:
    if not isinstance(pair, tuple) or len(pair) != 2:
        raise ValueError("a metric is named as a pair: a Metric and a function of records and warm-up")
    _add_metric(*pair)


def _add_metric(metric: Metric, compute: Compute) -> None:
    if not isinstance(metric, Metric) or not callable(compute):
        raise ValueError("a metric is registered as a Metric and a function of records and warm-up")
    if not isinstance(metric.label, str) or not metric.label.strip():
        raise ValueError(f"metric {metric.name!r}: its label must be a text that is not empty")
    for name in ("label", "unit", "scaled_unit", "sentence"):
        check_label(f"metric {metric.name!r}: its {name}", getattr(metric, name))
    if metric.name in _COLUMNS:
        raise ValueError(f"metric: {metric.name!r} is a column of the tables already")
    if METRICS.add(metric.name, metric):
        _COMPUTED[metric.name] = compute


def find_computation(name: str) -> Compute | None:
    """The function of a metric of a plug-in or of a call; None for any other."""
    return _COMPUTED.get(name)


def list_registered() -> list[str]:
    """The names of the registered metrics."""
    return [name for name in METRICS if name in _COMPUTED]


def compute_registered(records: Records, warm_up_s: float) -> dict[str, float]:
    """The values of the registered metrics. Raises InputError for one that raises or returns no number."""
    return {name: _compute_one(name, records, warm_up_s) for name in list_registered()}


def _compute_one(name: str, records: Records, warm_up_s: float) -> float:
    try:
        value = _COMPUTED[name](records, warm_up_s)
    except Exception as error:
        raise InputError(f"plug-in metric {name!r}: {describe_exception(error)}") from error
    if not isinstance(value, Real) or isinf(value):
        raise InputError(f"plug-in metric {name!r}: returned {value!r}; allowed: a finite number, NaN where undefined")
    return float(value)
