"""Notes on single figures of a comparison: which host is busiest, what latencies leave out, quantiles of short runs."""

from collections.abc import Iterator, Mapping

from simlib.analysis.intervals import Interval
from simlib.analysis.metrics import COMPANIONS, METRICS, Metric
from simlib.analysis.quantiles import EXCURSIONS, FEWEST_EXCURSIONS, Rows, lies_in_gap, rests_on_few_excursions
from simlib.analysis.utilisation import BUSIEST, HOST_UTILISATION, find_busiest_host
from simlib.experiment import Comparison

FEW_EXCURSIONS = "\N{DOUBLE DAGGER}"
"""Mark beside a quantile whose interval covers less than it states, and before the note that says so."""
IN_GAP = "\N{SECTION SIGN}"
"""Mark beside a quantile that lies in a gap between two kinds of requests, and before the note that says so."""
GAP_REASON = (
    "lies in or next to a gap between two kinds of requests, such as hits and misses of a cache, so that a replication "
    "gives a value on either side"
)
BESIDE = {name: whole for name, whole in COMPANIONS.items() if whole.endswith("_all_s")}
"""Latency without requests that were refused first -> that of all finished requests."""
MATERIAL = 0.1
"""Share of a difference between two designs by which leaving out changes it, from which on a note says so."""

Intervals = Mapping[str, Mapping[str, Interval]]
"""Design -> metric -> interval."""


def list_figure_notes(comparison: Comparison, intervals: Intervals) -> tuple[str, ...]:
    """One sentence or two per figure that needs one."""
    return (
        *_note_few_excursions(comparison),
        *_note_gaps(comparison),
        *_note_busiest_hosts(comparison, intervals),
        *_note_left_out(comparison, intervals),
        *_note_single_flight(comparison, intervals),
    )


def find_busiest_hosts(comparison: Comparison) -> dict[str, str]:
    """Design -> the host with the highest mean utilisation over the replications, "" where none was sampled."""
    busiest = {}
    for design in comparison.designs:
        rows = comparison.find_rows(design)
        own = {name: float(rows[name].mean()) for name in rows.columns if str(name).startswith(HOST_UTILISATION)}
        busiest[design] = find_busiest_host(own)
    return busiest


def list_few_excursions(comparison: Comparison) -> dict[tuple[str, str], float]:
    """Design and quantile -> its excursions per replication, where they are too few for its interval."""
    few = {}
    for design in comparison.designs:
        rows = comparison.find_rows(design)
        for name in METRICS:
            if rests_on_few_excursions(rows, name):
                few[design, name] = float(rows[name + EXCURSIONS].mean())
    return few


def list_gaps(comparison: Comparison) -> frozenset[tuple[str, str]]:
    """Design and quantile that lies in a gap."""
    rows = {design: comparison.find_rows(design) for design in comparison.designs}
    return frozenset((design, name) for design in rows for name in METRICS if lies_in_gap(rows[design], name))


def mark_quantile(rows: Rows, name: str) -> str:
    """Choose the marks of a figure whose interval covers less than it states; empty for any other figure."""
    few = FEW_EXCURSIONS if rests_on_few_excursions(rows, name) else ""
    return few + (IN_GAP if lies_in_gap(rows, name) else "")


def _note_gaps(comparison: Comparison) -> Iterator[str]:
    gaps, level = list_gaps(comparison), f"{comparison.scenario.run.level * 100:g}"
    designs = {name: [d for d in comparison.designs if (d, name) in gaps] for name in METRICS}
    for name, found in designs.items():
        if found and not (name in BESIDE.values() and any(designs[n] == found for n in BESIDE if BESIDE[n] == name)):
            yield (
                f"{IN_GAP} {_begin(METRICS[name])} {GAP_REASON} ({', '.join(found)}): its interval covers less than "
                f"{level} %."
            )


def _note_few_excursions(comparison: Comparison) -> Iterator[str]:
    by_metric: dict[str, list[str]] = {}
    for (design, name), count in list_few_excursions(comparison).items():
        by_metric.setdefault(name, []).append(f"{design} {count:.3g}")
    repeated = {whole for name, whole in BESIDE.items() if by_metric.get(name) == by_metric.get(whole)}
    for name, counts in by_metric.items():
        if name in repeated:
            continue
        level = f"{comparison.scenario.run.level * 100:g}"
        yield (
            f"{FEW_EXCURSIONS} {_begin(METRICS[name])} rests on few excursions beyond it per replication "
            f"({', '.join(counts)}; {FEWEST_EXCURSIONS:g} are enough): its interval covers less than {level} %. "
            "A longer run would do."
        )


def _note_busiest_hosts(comparison: Comparison, intervals: Intervals) -> Iterator[str]:
    hosts = {design: host for design, host in find_busiest_hosts(comparison).items() if host}
    if not hosts:
        return
    metric = METRICS[BUSIEST]
    said = (f"{host} in {design} ({metric.format(intervals[design][BUSIEST].mean)})" for design, host in hosts.items())
    yield f"The busiest host is {', '.join(said)}."


def _note_left_out(comparison: Comparison, intervals: Intervals) -> Iterator[str]:
    """Latencies of which leaving requests out turns or shifts a difference to the first design."""
    first, *others = comparison.designs
    for name, whole in BESIDE.items():
        shifted = []
        for design in others:
            part, all_of_them = (
                intervals[design][metric].mean - intervals[first][metric].mean for metric in (name, whole)
            )
            if abs(all_of_them - part) > MATERIAL * abs(part):
                differences = (f"{value * METRICS[name].factor:+.3g}" for value in (part, all_of_them))
                shifted.append(f"{design} minus {first} {' and '.join(differences)} {METRICS[name].display_unit}")
        if shifted:
            yield (
                f"{_begin(METRICS[name])} leaves out requests that were refused first and then served, and that of all "
                f"finished requests does not: {'; '.join(shifted)}."
            )


def _note_single_flight(comparison: Comparison, intervals: Intervals) -> Iterator[str]:
    waiting = [
        f"{design} {(own['no_call_ratio'].mean - own['hit_ratio'].mean):.1%}"
        for design, own in intervals.items()
        if own["no_call_ratio"].n and own["no_call_ratio"].mean - own["hit_ratio"].mean >= 0.0005
    ]
    if waiting:
        yield (
            "Requests that waited for the call of another one (single flight) are no hits, but made no call of their "
            f"own: {', '.join(waiting)} of the requests."
        )


def _begin(metric: Metric) -> str:
    return metric.label[:1].upper() + metric.label[1:]
