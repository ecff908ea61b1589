"""Contract of metrics and figures: computed and drawn for a tiny comparison, twice alike, without changing records."""

import math
from functools import cache

from simlib.analysis.metrics import METRICS, Compute, Metric, register_metric
from simlib.analysis.summary import summarise
from simlib.contracts.requirements import name_failures, require
from simlib.contracts.tiny_scenario import build_tiny_scenario
from simlib.decision.comparison import Verdicts, judge_comparison
from simlib.deployment.simulate import simulate
from simlib.experiment.compare import compare
from simlib.report.figure_style import render_png, render_svg
from simlib.report.registered_figures import Draw
from simlib.scenario.records import SCHEMA, Records
from simlib.scenario.registry import isolate_registrations

SHORTEST_DESCRIPTION = 20
"""Characters of the description of a figure, at least: readers without the image have nothing else."""


def check_metric(metric: Metric, compute: Compute) -> None:
    """Hold a metric to its contract; raises AssertionError with a sentence that names the fault."""
    with isolate_registrations(), name_failures(f"metric {getattr(metric, 'name', metric)}"):
        register_metric(metric, compute)
        require(bool(metric.label), "the label must not be empty")
        scenario = build_tiny_scenario()
        for design in scenario.designs:
            records = simulate(scenario, design)
            before = _list_columns(records)
            value = compute(records, scenario.run.warm_up_s)
            require(isinstance(value, int | float), f"the value must be a number, not {type(value).__name__}")
            require(not math.isinf(value), "the value must be finite, or NaN where it is undefined")
            require(_list_columns(records) == before, "the computation must not change the records")
            again = compute(records, scenario.run.warm_up_s)
            require(_is_same(value, again), f"the value of the same records is {value} and then {again}")
            require(isinstance(metric.format(value), str), "the value must have a text")
            summary = summarise(records, scenario.run.warm_up_s)
            require(_is_same(summary[metric.name], float(value)), "the summary must have the value of the metric")
            _check_late_warm_up(records, compute)
        judged = judge_comparison(compare(scenario))
        means = {design: judged.intervals[design] for design in scenario.designs}
        require(all(metric.name in entries for entries in means.values()), "a comparison must have an interval of it")


def _check_late_warm_up(records: Records, compute: Compute) -> None:
    """A warm-up of almost the whole run leaves hardly any request, which must not raise an exception."""
    value = compute(records, math.nextafter(records.horizon, 0.0))
    require(not math.isinf(value), "the value of a run without requests must be NaN or finite")


def _is_same(first: float, second: float) -> bool:
    return first == second or (math.isnan(first) and math.isnan(second))


def _list_columns(records: Records) -> list[bytes]:
    return [records[table][name].tobytes() for table in records.tables for name in SCHEMA[table]]


@cache
def _compare_tiny(metrics: tuple[str, ...]) -> Verdicts:
    """Compare the tiny scenario, once for each set of registered metrics."""
    return judge_comparison(compare(build_tiny_scenario()))


def check_figure(draw: Draw) -> None:
    """Hold the drawing function of a figure to its contract; raises AssertionError that names the fault."""
    with name_failures(f"figure {getattr(draw, '__name__', draw)}"):
        verdicts = _compare_tiny(tuple(METRICS))
        result: object = draw(verdicts)
        if not isinstance(result, tuple) or len(result) != 2:
            raise AssertionError("it must return a pair: figure and description")
        figure, description = result
        require(hasattr(figure, "savefig"), f"the first of the pair must be a figure, not {type(figure).__name__}")
        require(
            isinstance(description, str) and len(description) >= SHORTEST_DESCRIPTION,
            f"the description must be a text of at least {SHORTEST_DESCRIPTION} characters, not {description!r}",
        )
        require(render_png(figure).startswith(b"\x89PNG"), "it must be rendered as PNG")
        require(b"<svg" in render_svg(figure), "it must be rendered as SVG")
        again, same = draw(verdicts)
        require(again is not figure, "it must draw a new figure each time")
        require(same == description, "its description of the same comparison differs from one time to the next")
        require(render_svg(again) == render_svg(draw(verdicts)[0]), "its drawing of the same comparison differs")
