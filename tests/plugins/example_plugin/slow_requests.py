"""Share of slow requests, against a service level objective (SLO) of 100 ms: a metric, and a figure of it."""

from matplotlib.figure import Figure

from simlib import Records, Verdicts
from simlib.plugins import Metric

OBJECTIVE_S = 0.1
SLOW_SHARE = Metric("slow_share", "requests slower than 100 ms", "", True, 1, "%", 100.0)


def compute_slow_share(records: Records, warm_up_s: float) -> float:
    """The share of the answered requests that took longer than the objective; NaN without any."""
    requests = records["requests"]
    latency = (requests["end"] - requests["arrival"])[requests["arrival"] >= warm_up_s]
    answered = latency[latency == latency]
    return float((answered > OBJECTIVE_S).mean()) if len(answered) else float("nan")


def draw_slow_requests(verdicts: Verdicts) -> tuple[Figure, str]:
    """One bar per design with its interval."""
    intervals = [verdicts.intervals[design][SLOW_SHARE.name] for design in verdicts.designs]
    figure = Figure(figsize=(6, 3))
    axes = figure.add_subplot()
    axes.barh(verdicts.designs, [i.mean * 100 for i in intervals], xerr=[i.half_width * 100 for i in intervals])
    axes.set_xlabel("requests slower than 100 ms (%)")
    shares = (f"{design} {i.mean:.1%}" for design, i in zip(verdicts.designs, intervals, strict=True))
    return figure, f"Share of the requests slower than 100 ms: {', '.join(shares)}."


METRIC = (SLOW_SHARE, compute_slow_share)
FIGURE = ("slow_requests", draw_slow_requests, "Share of the requests that miss the objective of 100 ms.")
