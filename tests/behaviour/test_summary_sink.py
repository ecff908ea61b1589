"""Summary sink: the figures of full records without their rows, in memory that does not grow with the run."""

import gc
import math
import tracemalloc
from collections.abc import Callable, Mapping

import numpy as np
import pytest

from simlib import InputError, SummarySink, load_scenario, simulate, summarise
from simlib.analysis.columns import Floats
from simlib.analysis.running_totals import SKETCH_K, QuantileSketch
from simlib.analysis.summary import find_timed_requests, measure_finished_latency, measure_latency, select_arrived
from simlib.scenario.base import bundled_scenarios
from simlib.scenario.loads import PoissonLoad
from simlib.scenario.records import Columns, Records
from simlib.scenario.scenario import Scenario
from simlib.scenario.sinks import PACKED, MemorySink, Row
from support.missing_packages import hide_packages
from support.worlds import scenario

WARM_UP_SHARE, REQUESTS = 0.25, 300
NEED_ROWS = {"exposure_s", "exposure_requests", "refused_valid_share", "availability"}
QUANTILES = {"p50_s": 0.5, "p95_s": 0.95, "p99_s": 0.99, "p95_all_s": 0.95, "p99_all_s": 0.99}
BESIDE = ("_halves", "_excursions", "_gap")
WHOLE = {name: load_scenario(name) for name in bundled_scenarios()}


class BothSinks:
    """Every row goes to a sink of full records and to a summary sink, so that one run gives both."""

    def __init__(self, summary: SummarySink) -> None:
        self.summary, self.full = summary, MemorySink()

    def open_writer(self, table: str, columns: tuple[str, ...] | None = None) -> Callable[[Row], None]:
        writers = [sink.open_writer(table, columns) for sink in (self.summary, self.full)]

        def write(row: Row) -> None:
            for writer in writers:
                writer(row)

        return write

    def flush(self) -> None:
        self.summary.flush()
        self.full.flush()

    def close(self) -> Mapping[str, Columns]:
        self.reduced = self.summary.close()
        return self.full.close()


def shortened(whole: Scenario) -> Scenario:
    load = whole.world.load
    rate = load.arrival_rate if isinstance(load, PoissonLoad) else whole.expected_requests / whole.horizon_s
    length = REQUESTS / rate
    return whole.with_run(
        whole.run.model_copy(update={"length_s": length, "warm_up_s": WARM_UP_SHARE * length, "detail": "visits"})
    )


def assert_same_figures(made: Scenario, design: str) -> dict[str, float]:
    """Both ways agree; returns the figures of the summary sink."""
    sinks = BothSinks(SummarySink.build(made))
    records = simulate(made, design, sink=sinks)
    reduced = Records(sinks.reduced, records.names, records.horizon, records.workers, records.forms)
    figures, full = sinks.summary.compute_figures(reduced), summarise(records, made.run.warm_up_s)
    assert list(figures) == list(full)
    for name, value in figures.items():
        if name in NEED_ROWS or name.endswith(BESIDE):
            assert math.isnan(value), name
        elif name not in QUANTILES:
            assert value == pytest.approx(full[name], rel=1e-9, abs=1e-12, nan_ok=True), name
    requests = select_arrived(records, made.run.warm_up_s)
    timed, finished = measure_latency(requests, find_timed_requests(requests)), measure_finished_latency(requests)
    for name, share in QUANTILES.items():
        latency, sketch = (finished, sinks.summary.finished) if "all" in name else (timed, sinks.summary.timed)
        assert_rank(latency, figures[name], share, sketch.rank_error)
    assert {table: len(next(iter(reduced[table].values()))) for table in ("requests", "calls", "visits")} == {
        "requests": 0,
        "calls": 0,
        "visits": 0,
    }
    return figures


def assert_rank(values: Floats, quantile: float, share: float, error: float) -> None:
    """At least the share of the values is at most the quantile, and at most the share is below, but for the error."""
    if not values.size:
        assert math.isnan(quantile)
        return
    one = 1.0 / values.size
    assert (values <= quantile).mean() >= share - error - one
    assert (values < quantile).mean() <= share + error + one


@pytest.mark.parametrize(
    ("name", "design"), [(name, design) for name, made in WHOLE.items() for design in made.designs]
)
def test_figures_are_those_of_full_records(name: str, design: str) -> None:
    assert assert_same_figures(shortened(WHOLE[name]), design)["arrivals"] > 0


def test_strangers_and_failed_requests_count_as_in_full_records() -> None:
    faults = {
        "flood": {"kind": "random_token_flood", "rate": 20.0, "at_s": 5.0, "length_s": 15.0},
        "down": {"kind": "down", "host": "authorization_server", "at_s": 8.0, "length_s": 6.0},
        "logout": {"kind": "mass_logout", "share": 0.5, "at_s": 10.0},
    }
    made = scenario(world={"faults": faults, "revocations": {"rate": 0.3}}, warm_up_s=2.0, length_s=80.0)
    figures = assert_same_figures(made, "opaque")
    assert figures["failed"] > 0
    assert figures["refused"] + figures["retried_share"] > 0
    assert figures["revocations"] > 0


@pytest.mark.parametrize("draw", ["exponential", "ordered", "equal"])
def test_a_sketch_keeps_few_values_and_stays_within_its_rank_error(draw: str) -> None:
    values = np.random.default_rng(5).exponential(size=40 * SKETCH_K)
    values = {"exponential": values, "ordered": np.sort(values), "equal": np.round(values)}[draw]
    sketch = QuantileSketch()
    for block in np.array_split(values, 100):
        sketch.add(block)
    assert sketch.rank_error < 0.0005
    assert sketch.kept < 4 * SKETCH_K
    for share in (0.0, 0.5, 0.95, 0.99, 1.0):
        # The stated error holds in 99 of 100 sketches, twice of it in practically all.
        assert_rank(values, sketch.find(share), share, 2.0 * sketch.rank_error)


def test_memory_of_the_sink_does_not_grow_with_the_requests() -> None:
    sink = SummarySink(0.0, 1e9)
    write_request, write_call = sink.open_writer("requests"), sink.open_writer("calls")
    tracemalloc.start()
    held = [_measure_after(sink, write_request, write_call, blocks) for blocks in (20, 60)]
    tracemalloc.stop()
    row = 20 * 8
    assert max(held) < 3 * PACKED * row, "the rows of a block or two, and no more"
    assert held[1] - held[0] < 1 * row * PACKED


def _measure_after(
    sink: SummarySink, write_request: Callable[[Row], None], write_call: Callable[[Row], None], blocks: int
) -> int:
    """Bytes held after so many blocks of requests, each with a call."""
    for number in range(blocks * PACKED):
        instant = float(number)
        write_request(
            (number, 1, instant, instant + 0.1, 0, 200, 0, 1, 0.1, 0.0, 0.0, instant, instant, 1, 1, 1, 0, 0, 0, 900)
        )
        write_call((number, 3, 1, 2, 0, instant, instant, 200, 300, 400))
        if number % PACKED == PACKED - 1:
            sink.flush()
    gc.collect()  # empties the free lists too, in which thousands of rows may be held for new ones
    return tracemalloc.get_traced_memory()[0]


def test_a_run_too_large_for_its_rows_fits_with_a_summary_sink() -> None:
    made = scenario(length_s=45.0, memory_budget_mb=1)
    with pytest.raises(InputError, match=r"900 requests.* more than run.memory_budget_mb = 1"):
        simulate(made, "jwt")
    assert len(simulate(made, "jwt", sink=SummarySink.build(made))["requests"]["request"]) == 0


def test_a_warm_up_that_leaves_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="warm-up of 10 s in a run of 10 s; allowed: 0 to below the run"):
        SummarySink(10.0, 10.0)


def test_without_the_package_one_line_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    hide_packages(monkeypatch, "datasketches")
    with pytest.raises(InputError) as error:
        SummarySink(0.0, 10.0)
    assert str(error.value) == (
        "a summary sink needs the package datasketches, which is not installed: pip install 'simlib[scale]'"
    )
