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
    from simlib.calibration.clock import CpuStopwatch
    from simlib.decision import Judgement, Verdicts, judge, judge_comparison, sentence
    from simlib.decision.bad_days import judge_bad_days
    from simlib.decision.choice.decide import decide, make_decision
    from simlib.decision.choice.results import Decision
    from simlib.decision.effort import EffortLedger, load_ledger
    from simlib.decision.gain import gain_of
    from simlib.deployment.loading import load_scenario
    from simlib.deployment.simulate import simulate
    from simlib.experiment import Comparison, compare, read_records, replicate, sweep, token_reuse, write_records
    from simlib.experiment.bad_days import bad_days, plan_days
    from simlib.report.bad_days_report import availability_figure, goodput_figure
    from simlib.report.comparison_figures import latency_figure, tradeoff_figure
    from simlib.report.comparison_folder import write_report
    from simlib.report.decision_figures import breakeven_figure, cost_bars_figure, tornado_figure
    from simlib.report.frontier_figure import frontier_figure
    from simlib.report.latency_figures import distribution_figure, steps_figure
    from simlib.report.notebook import comparison_table, show
    from simlib.report.process_figures import comparable_request, slow_motion
    from simlib.report.record.complexity import complexity_of
    from simlib.report.record.folder import write_decision
    from simlib.report.record.madr import decision_record
    from simlib.report.record.notebook import limits_table, ranking_table
    from simlib.report.run_record import Provenance
    from simlib.report.sweep_figures import load_figure, ttl_figure
    from simlib.report.validation_figures import theory_figure
    from simlib.scenario.base import bundled_scenarios
    from simlib.scenario.errors import InputError
    from simlib.scenario.scenario import Scenario
    from simlib.scenario.traces import read_trace

_WHERE = {
    "METRICS": "simlib.analysis",
    "Comparison": "simlib.experiment",
    "CpuStopwatch": "simlib.calibration.clock",
    "Decision": "simlib.decision.choice.results",
    "EffortLedger": "simlib.decision.effort",
    "InputError": "simlib.scenario.errors",
    "Interval": "simlib.analysis",
    "Judgement": "simlib.decision",
    "Provenance": "simlib.report.run_record",
    "Scenario": "simlib.scenario.scenario",
    "Verdicts": "simlib.decision",
    "after_warm_up": "simlib.analysis",
    "assess_stability": "simlib.analysis",
    "availability_figure": "simlib.report.bad_days_report",
    "bad_days": "simlib.experiment.bad_days",
    "breakeven_figure": "simlib.report.decision_figures",
    "bundled_scenarios": "simlib.scenario.base",
    "comparable_request": "simlib.report.process_figures",
    "compare": "simlib.experiment",
    "comparison_table": "simlib.report.notebook",
    "complexity_of": "simlib.report.record.complexity",
    "cost_bars_figure": "simlib.report.decision_figures",
    "decide": "simlib.decision.choice.decide",
    "decision_record": "simlib.report.record.madr",
    "distribution_figure": "simlib.report.latency_figures",
    "finished": "simlib.analysis",
    "frontier_figure": "simlib.report.frontier_figure",
    "gain_of": "simlib.decision.gain",
    "goodput_figure": "simlib.report.bad_days_report",
    "judge": "simlib.decision",
    "judge_bad_days": "simlib.decision.bad_days",
    "judge_comparison": "simlib.decision",
    "latency": "simlib.analysis",
    "latency_figure": "simlib.report.comparison_figures",
    "limits_table": "simlib.report.record.notebook",
    "littles_law": "simlib.analysis",
    "load_figure": "simlib.report.sweep_figures",
    "load_ledger": "simlib.decision.effort",
    "load_scenario": "simlib.deployment.loading",
    "make_decision": "simlib.decision.choice.decide",
    "paired": "simlib.analysis",
    "plan_days": "simlib.experiment.bad_days",
    "ranking_table": "simlib.report.record.notebook",
    "read_records": "simlib.experiment",
    "read_trace": "simlib.scenario.traces",
    "replicate": "simlib.experiment",
    "replications_needed": "simlib.analysis",
    "sentence": "simlib.decision",
    "show": "simlib.report.notebook",
    "simulate": "simlib.deployment.simulate",
    "slow_motion": "simlib.report.process_figures",
    "steps_figure": "simlib.report.latency_figures",
    "student": "simlib.analysis",
    "summarise": "simlib.analysis",
    "sweep": "simlib.experiment",
    "theory_figure": "simlib.report.validation_figures",
    "to_frame": "simlib.analysis",
    "token_reuse": "simlib.experiment",
    "tornado_figure": "simlib.report.decision_figures",
    "tradeoff_figure": "simlib.report.comparison_figures",
    "ttl_figure": "simlib.report.sweep_figures",
    "write_decision": "simlib.report.record.folder",
    "write_records": "simlib.experiment",
    "write_report": "simlib.report.comparison_folder",
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
