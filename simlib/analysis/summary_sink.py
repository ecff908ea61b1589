"""Summary sink: the figures of a run by running totals, without a row for each request and call.

`simlib.simulate` writes into it as into any other sink. Rows of requests, calls and visits are reduced by blocks of a
few thousand and forgotten; rows of tokens, revocations, station samples, operations and faults are kept.
"""

from collections.abc import Callable, Mapping
from math import nan

import numpy as np

from simlib.analysis.columns import Integers, ratio, select_rows
from simlib.analysis.exposure import list_counted_revocations
from simlib.analysis.metrics import list_registered
from simlib.analysis.quantiles import EXCURSIONS, GAP, HALVES
from simlib.analysis.running_totals import IndexCounts, QuantileSketch, Totals
from simlib.analysis.stability import fit_backlog, list_backlog_instants
from simlib.analysis.summary import (
    FINISHED_QUANTILES,
    TIMED_QUANTILES,
    check_warm_up,
    find_timed_requests,
    measure_finished_latency,
    measure_latency,
)
from simlib.analysis.usage import (
    compute_tokens_in_use,
    count_signatures,
    find_hits,
    find_validated,
    list_introspection_targets,
)
from simlib.analysis.utilisation import match_hosts, summarise_utilisation
from simlib.scenario.hosts import AUTHORIZATION_SERVER
from simlib.scenario.records import FAILED, FINISHED, REFUSED, SCHEMA, STRANGER, UNFINISHED, Columns, Records
from simlib.scenario.scenario import Scenario
from simlib.scenario.sinks import PACKED, MemorySink, Row, pack_rows

REDUCED = ("requests", "calls", "visits")
"""Tables whose rows are not kept."""
OUTCOMES = {"refused": REFUSED, "failed": FAILED, "unfinished": UNFINISHED}


class SummarySink:
    """Sink that keeps the totals from which `summarise` makes figures; the warm-up is fixed in advance (seconds).

    Memory does not grow with the number of requests and calls. Raises InputError without the package datasketches and
    ValueError when the warm-up is negative or not shorter than the run.
    """

    keeps_rows = False

    def __init__(self, warm_up_s: float, horizon_s: float) -> None:
        check_warm_up(warm_up_s, horizon_s)
        self.warm_up_s, self.horizon_s = warm_up_s, horizon_s
        self._kept = MemorySink()
        self._rows: dict[str, list[Row]] = {table: [] for table in REDUCED}
        self._named = {table: tuple(SCHEMA[table]) for table in REDUCED}
        self._totals, self._requests = Totals(), 0
        self._instants = list_backlog_instants(horizon_s, warm_up_s)
        self._begun, self._ended = IndexCounts(), IndexCounts()
        self._callees, self._targets = IndexCounts(), IndexCounts()
        self.timed, self.finished = QuantileSketch(), QuantileSketch()

    @classmethod
    def build(cls, scenario: Scenario) -> "SummarySink":
        """Build the sink for runs of a scenario: one for each run."""
        return cls(scenario.run.warm_up_s, scenario.horizon_s)

    def open_writer(self, table: str, columns: tuple[str, ...] | None = None) -> Callable[[Row], None]:
        """The bound append of a list, as in `MemorySink`."""
        if table not in REDUCED:
            return self._kept.open_writer(table, columns)
        self._named[table] = columns or self._named[table]
        return self._rows[table].append

    def flush(self) -> None:
        """Reduce every long list of rows."""
        self._kept.flush()
        for table, rows in self._rows.items():
            if len(rows) >= PACKED:
                self._reduce(table)

    def close(self) -> Mapping[str, Columns]:
        """Reduce the rest; the tables of requests, calls and visits are empty."""
        for table in REDUCED:
            self._reduce(table)
        return self._kept.close()

    def _reduce(self, table: str) -> None:
        rows = self._rows[table]
        if rows and table != "visits":
            block = pack_rows(table, self._named[table], rows)
            (self._add_requests if table == "requests" else self._add_calls)(block)
        rows.clear()  # in place: the engine holds this list's append

    def _add_calls(self, calls: Columns) -> None:
        sent = calls["sent"] >= self.warm_up_s
        self._callees.add(calls["callee"][sent])
        self._targets.add(calls["target"][sent])

    def _add_requests(self, requests: Columns) -> None:
        end, arrival = requests["end"], requests["arrival"]
        self._requests += len(arrival)
        self._begun.add(np.searchsorted(self._instants, arrival))
        self._ended.add(np.searchsorted(self._instants, end[np.isfinite(end)]))
        counted = arrival >= self.warm_up_s
        self._totals.add("any_arrivals", counted)
        self._add_counted(select_rows(requests, counted & (requests["user"] != STRANGER)))

    def _add_counted(self, requests: Columns) -> None:
        """Add the requests of users after the warm-up."""
        timed, outcome, signing_in = find_timed_requests(requests), requests["outcome"], requests["signing_in"]
        latency, of_all = measure_latency(requests, timed), measure_finished_latency(requests)
        self.timed.add(latency)
        self.finished.add(of_all)
        validated = find_validated(requests)
        for name, values in {
            "latency": latency,
            "of_all": of_all,
            "checking": requests["checking"][timed],
            "obtaining": requests["obtaining"][timed],
            "retried": (outcome == FINISHED) & (requests["refusals"] > 0),
            **{name: outcome == code for name, code in OUTCOMES.items()},
            "signs_in": signing_in > 0,
            "signing_in": signing_in[signing_in > 0],
            "bytes": requests["bytes"],
            "asked": requests["asked"],
            "arrivals": np.ones(len(outcome)),
            "validated": validated,
            "hits": find_hits(requests),
            "no_call": validated & (requests["asked"] == 0),
        }.items():
            self._totals.add(name, values)

    def count_requests(self) -> int:
        """Number of requests so far, those of the warm-up and of strangers included."""
        return self._requests

    # --- figures -------------------------------------------------------------------------------------------------

    def compute_figures(self, records: Records) -> dict[str, float]:
        """Compute the figures that `summarise` has, under the same names; ``records`` are those of the run.

        Sums, shares and rates are those of `summarise`, quantiles as exact as the ``rank_error`` of the sketches
        ``timed`` and ``finished``. NaN are figures that need rows: exposure, ``refused_valid_share`` and
        ``availability`` compare each request with its token, ``p95_s_halves`` and others beside a quantile its two
        halves or the order of requests, and registered metrics may read any table.
        """
        missing = dict.fromkeys(("exposure_s", "exposure_requests"), nan)
        outcomes = self._count_outcomes()
        return {
            **self._summarise_latencies(),
            "sign_in_share": self._totals.mean("signs_in"),
            "sign_in_mean_s": self._totals.mean("signing_in"),
            **self._summarise_usage(records),
            **summarise_utilisation(records, self.warm_up_s, self._count_arrivals),
            **count_signatures(records),
            **outcomes,
            "refused_valid_share": nan,
            "arrivals_per_s": ratio(outcomes["arrivals"], self.horizon_s - self.warm_up_s),
            **missing,
            "revocations": float(len(list_counted_revocations(records, self.warm_up_s))),
            **fit_backlog(records, self._instants, self._count_in_system()),
            "availability": nan,
            **dict.fromkeys(list_registered(), nan),
        }

    def _summarise_latencies(self) -> dict[str, float]:
        totals = self._totals
        return {
            "mean_s": totals.mean("latency"),
            "p50_s": self.timed.find(0.5),
            **_find_quantiles(self.timed, TIMED_QUANTILES),
            "mean_all_s": totals.mean("of_all"),
            **_find_quantiles(self.finished, FINISHED_QUANTILES),
            "checking_mean_s": totals.mean("checking"),
            "checking_share": ratio(totals.sum("checking"), totals.sum("latency")),
            "obtaining_mean_s": totals.mean("obtaining"),
        }

    def _summarise_usage(self, records: Records) -> dict[str, float]:
        totals, length = self._totals, self.horizon_s - self.warm_up_s
        at_servers = match_hosts(records, self._callees.list_indices(), AUTHORIZATION_SERVER)
        introspections = np.isin(self._targets.list_indices(), list_introspection_targets(records))
        return {
            "as_requests_per_s": ratio(self._callees.sum(at_servers), length),
            "introspections_per_s": ratio(self._targets.sum(introspections), length),
            "bytes_per_request": totals.mean("bytes"),
            "hit_ratio": ratio(totals.sum("hits"), totals.sum("validated")),
            "no_call_ratio": ratio(totals.sum("no_call"), totals.sum("validated")),
            "asked_per_request": totals.mean("asked"),
            "tokens_in_use": compute_tokens_in_use(records, self.warm_up_s),
        }

    def _count_outcomes(self) -> dict[str, float]:
        totals = self._totals
        counts = {"arrivals": totals.sum("arrivals"), **{name: totals.sum(name) for name in OUTCOMES}}
        return {**counts, **{f"{name}_share": totals.mean(name) for name in ("refused", "retried", "failed")}}

    def _count_arrivals(self, begin: float, end: float) -> float:
        """Requests of users and strangers from the warm-up to the end of the run, NaN for another time."""
        return self._totals.sum("any_arrivals") if (begin, end) == (self.warm_up_s, self.horizon_s) else nan

    def _count_in_system(self) -> Integers:
        begun, ended = (counts.cumulate(len(self._instants)) for counts in (self._begun, self._ended))
        return begun - ended


def _find_quantiles(sketch: QuantileSketch, percentages: Mapping[str, float]) -> dict[str, float]:
    figures: dict[str, float] = {}
    for name, percentage in percentages.items():
        figures[name] = sketch.find(percentage / 100.0)
        figures |= dict.fromkeys((name + HALVES, name + EXCURSIONS, name + GAP), nan)
    return figures
