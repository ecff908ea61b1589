"""JWT or opaque access tokens: how much faster, how much harder to build and run, and is it worth it?

Values in, values out: `load_scenario` -> `simulate` -> records -> `summarise`; `replicate` and `compare` do it many
times; `judge_comparison` says what that allows to be said, `write_report` writes it down. `make_decision` goes on to
which design is worth it, and `write_decision` writes the record. Heavy libraries are imported when a function that
needs them is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simlib.analysis import (
        METRICS,
        Interval,
        after_warm_up,
        assess_stability,
        finished,
        latency,
        littles_law,
        paired,
        replications_needed,
        student,
        summarise,
        to_frame,
    )
    from simlib.api import load_scenario
    from simlib.calibration.stopwatch import CpuStopwatch
    from simlib.decision import Judgement, Verdicts, judge, judge_comparison, sentence
    from simlib.decision.bad_days import judge_bad_days
    from simlib.decision.choice.deciding import decide
    from simlib.decision.choice.values import Decision
    from simlib.decision.effort import EffortLedger, load_ledger
    from simlib.decision.gain import gain_of
    from simlib.decision.making import make_decision
    from simlib.engine.simulate import simulate
    from simlib.experiment import Comparison, compare, read_records, replicate, sweep, token_reuse, write_records
    from simlib.experiment.bad_days import bad_days
    from simlib.experiment.bad_days_plan import plan_days
    from simlib.report.bad_days_figures import availability_figure, goodput_figure
    from simlib.report.breakeven_figure import breakeven_figure
    from simlib.report.cost_bars_figure import cost_bars_figure
    from simlib.report.distribution_figure import distribution_figure
    from simlib.report.figures import latency_figure, tradeoff_figure
    from simlib.report.folder import write_report
    from simlib.report.frontier_figure import frontier_figure
    from simlib.report.notebook import comparison_table, show
    from simlib.report.provenance import Provenance
    from simlib.report.record.complexity import complexity_of
    from simlib.report.record.folder import write_decision
    from simlib.report.record.madr import decision_record
    from simlib.report.record.notebook import limits_table, ranking_table
    from simlib.report.slow_motion import comparable_request, slow_motion
    from simlib.report.steps_figure import steps_figure
    from simlib.report.sweep_figures import load_figure, ttl_figure
    from simlib.report.theory_figure import theory_figure
    from simlib.report.tornado_figure import tornado_figure
    from simlib.scenario.data import bundled_scenarios
    from simlib.scenario.errors import InputError
    from simlib.scenario.scenario import Scenario
    from simlib.scenario.traces import read_trace

_WHERE = {
    "METRICS": "simlib.analysis",
    "Comparison": "simlib.experiment",
    "CpuStopwatch": "simlib.calibration.stopwatch",
    "Decision": "simlib.decision.choice.values",
    "EffortLedger": "simlib.decision.effort",
    "InputError": "simlib.scenario.errors",
    "Interval": "simlib.analysis",
    "Judgement": "simlib.decision",
    "Provenance": "simlib.report.provenance",
    "Scenario": "simlib.scenario.scenario",
    "Verdicts": "simlib.decision",
    "after_warm_up": "simlib.analysis",
    "assess_stability": "simlib.analysis",
    "availability_figure": "simlib.report.bad_days_figures",
    "bad_days": "simlib.experiment.bad_days",
    "breakeven_figure": "simlib.report.breakeven_figure",
    "bundled_scenarios": "simlib.scenario.data",
    "comparable_request": "simlib.report.slow_motion",
    "compare": "simlib.experiment",
    "comparison_table": "simlib.report.notebook",
    "complexity_of": "simlib.report.record.complexity",
    "cost_bars_figure": "simlib.report.cost_bars_figure",
    "decide": "simlib.decision.choice.deciding",
    "decision_record": "simlib.report.record.madr",
    "distribution_figure": "simlib.report.distribution_figure",
    "finished": "simlib.analysis",
    "frontier_figure": "simlib.report.frontier_figure",
    "gain_of": "simlib.decision.gain",
    "goodput_figure": "simlib.report.bad_days_figures",
    "judge": "simlib.decision",
    "judge_bad_days": "simlib.decision.bad_days",
    "judge_comparison": "simlib.decision",
    "latency": "simlib.analysis",
    "latency_figure": "simlib.report.figures",
    "limits_table": "simlib.report.record.notebook",
    "littles_law": "simlib.analysis",
    "load_figure": "simlib.report.sweep_figures",
    "load_ledger": "simlib.decision.effort",
    "load_scenario": "simlib.api",
    "make_decision": "simlib.decision.making",
    "paired": "simlib.analysis",
    "plan_days": "simlib.experiment.bad_days_plan",
    "ranking_table": "simlib.report.record.notebook",
    "read_records": "simlib.experiment",
    "read_trace": "simlib.scenario.traces",
    "replicate": "simlib.experiment",
    "replications_needed": "simlib.analysis",
    "sentence": "simlib.decision",
    "show": "simlib.report.notebook",
    "simulate": "simlib.engine.simulate",
    "slow_motion": "simlib.report.slow_motion",
    "steps_figure": "simlib.report.steps_figure",
    "student": "simlib.analysis",
    "summarise": "simlib.analysis",
    "sweep": "simlib.experiment",
    "theory_figure": "simlib.report.theory_figure",
    "to_frame": "simlib.analysis",
    "token_reuse": "simlib.experiment",
    "tornado_figure": "simlib.report.tornado_figure",
    "tradeoff_figure": "simlib.report.figures",
    "ttl_figure": "simlib.report.sweep_figures",
    "write_decision": "simlib.report.record.folder",
    "write_records": "simlib.experiment",
    "write_report": "simlib.report.folder",
}

__all__ = [
    "METRICS",
    "Comparison",
    "CpuStopwatch",
    "Decision",
    "EffortLedger",
    "InputError",
    "Interval",
    "Judgement",
    "Provenance",
    "Scenario",
    "Verdicts",
    "after_warm_up",
    "assess_stability",
    "availability_figure",
    "bad_days",
    "breakeven_figure",
    "bundled_scenarios",
    "comparable_request",
    "compare",
    "comparison_table",
    "complexity_of",
    "cost_bars_figure",
    "decide",
    "decision_record",
    "distribution_figure",
    "finished",
    "frontier_figure",
    "gain_of",
    "goodput_figure",
    "judge",
    "judge_bad_days",
    "judge_comparison",
    "latency",
    "latency_figure",
    "limits_table",
    "littles_law",
    "load_figure",
    "load_ledger",
    "load_scenario",
    "make_decision",
    "paired",
    "plan_days",
    "ranking_table",
    "read_records",
    "read_trace",
    "replicate",
    "replications_needed",
    "sentence",
    "show",
    "simulate",
    "slow_motion",
    "steps_figure",
    "student",
    "summarise",
    "sweep",
    "theory_figure",
    "to_frame",
    "token_reuse",
    "tornado_figure",
    "tradeoff_figure",
    "ttl_figure",
    "write_decision",
    "write_records",
    "write_report",
]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'simlib' has no attribute {name!r}")
    return getattr(import_module(_WHERE[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
