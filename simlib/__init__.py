"""Simulation of OAuth 2.0 deployments with JWT or opaque access tokens: latency, load, exposure, effort, decision.

The steps, each a function of values:

- `load_scenario` reads a `Scenario` (world, designs, run); `change_scenario` returns another with other values at keys,
  and `write_scenario` writes one as a TOML file.
- `simulate` runs one replication of one design and returns `Records`; `summarise` reduces them to figures.
- `SummarySink`, given to `simulate`, computes the figures of a long run without keeping its rows.
- `replicate` runs all replications of a design, `compare` those of all designs (`Comparison`), `sweep` those of many
  scenarios.
- `judge_comparison` returns `Verdicts`: intervals of paired differences, each better, worse, equivalent or undecided.
- `plan_bad_days`, `run_bad_days` and `judge_bad_days` do the same for runs with a fault in them.
- `decide` returns a `Decision`: limits first, then total cost with effort, prices and simulation uncertain.
- `read_results` reads the store in which `sweep` and `compare` keep results, as a table.
- `write_report` and `write_decision` write folders; `write_records` and `read_records` Parquet files.

Further public modules, to be imported by name: `simlib.analysis` (statistics and columns of all tables),
`simlib.theory`, `simlib.process`, `simlib.security`, `simlib.faults`, `simlib.effort`, `simlib.gain`, `simlib.figures`,
`simlib.tables`, `simlib.calibration` and `simlib.plugins`. All other modules may change.

Times are seconds, sizes bytes, loads requests per second. Input that cannot be used raises `InputError`, whose message
is one line. Heavy libraries are imported by the functions that need them.
"""

from importlib import import_module

TYPE_CHECKING = False  # as in typing, whose import takes most of the time in which Ctrl-C cannot be handled yet
if TYPE_CHECKING:  # the same names as in _EXPORTS, for type checkers
    from typing import Any

    from simlib.analysis.summary import summarise as summarise
    from simlib.analysis.summary_sink import SummarySink as SummarySink
    from simlib.decision.bad_days import judge_bad_days as judge_bad_days
    from simlib.decision.choice.decide import decide as decide
    from simlib.decision.choice.results import Decision as Decision
    from simlib.decision.comparison import Verdicts as Verdicts
    from simlib.decision.comparison import judge_comparison as judge_comparison
    from simlib.deployment.loading import load_scenario as load_scenario
    from simlib.deployment.simulate import simulate as simulate
    from simlib.experiment.bad_days import run_bad_days as run_bad_days
    from simlib.experiment.bad_days_plan import plan_bad_days as plan_bad_days
    from simlib.experiment.compare import Comparison as Comparison
    from simlib.experiment.compare import compare as compare
    from simlib.experiment.parquet import read_records as read_records
    from simlib.experiment.parquet import write_records as write_records
    from simlib.experiment.replicate import replicate as replicate
    from simlib.experiment.results import read_results as read_results
    from simlib.experiment.sweep import change_scenario as change_scenario
    from simlib.experiment.sweep import sweep as sweep
    from simlib.report.comparison_folder import write_report as write_report
    from simlib.report.record.folder import write_decision as write_decision
    from simlib.scenario.base import bundled_scenarios as bundled_scenarios
    from simlib.scenario.errors import InputError as InputError
    from simlib.scenario.records import Records as Records
    from simlib.scenario.scenario import Scenario as Scenario
    from simlib.scenario.traces import read_trace as read_trace
    from simlib.scenario.writing import export_scenario as export_scenario
    from simlib.scenario.writing import write_scenario as write_scenario

__version__ = "0.2.0"
"""The only place of the version: the wheel and the command line take it from here."""

_EXPORTS = {
    "simlib.analysis.summary": ("summarise",),
    "simlib.analysis.summary_sink": ("SummarySink",),
    "simlib.decision.bad_days": ("judge_bad_days",),
    "simlib.decision.choice.decide": ("decide",),
    "simlib.decision.choice.results": ("Decision",),
    "simlib.decision.comparison": ("Verdicts", "judge_comparison"),
    "simlib.deployment.loading": ("load_scenario",),
    "simlib.deployment.simulate": ("simulate",),
    "simlib.experiment.bad_days": ("run_bad_days",),
    "simlib.experiment.bad_days_plan": ("plan_bad_days",),
    "simlib.experiment.compare": ("Comparison", "compare"),
    "simlib.experiment.parquet": ("read_records", "write_records"),
    "simlib.experiment.replicate": ("replicate",),
    "simlib.experiment.results": ("read_results",),
    "simlib.experiment.sweep": ("change_scenario", "sweep"),
    "simlib.report.comparison_folder": ("write_report",),
    "simlib.report.record.folder": ("write_decision",),
    "simlib.scenario.base": ("bundled_scenarios",),
    "simlib.scenario.errors": ("InputError",),
    "simlib.scenario.records": ("Records",),
    "simlib.scenario.scenario": ("Scenario",),
    "simlib.scenario.traces": ("read_trace",),
    "simlib.scenario.writing": ("export_scenario", "write_scenario"),
}
"""Module -> the names that it exports here, imported when first used."""
_MODULE_OF = {name: module for module, names in _EXPORTS.items() for name in names}

__all__ = ["__version__", *_MODULE_OF]


def __getattr__(name: str) -> "Any":
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'simlib' has no attribute {name!r}")
    return getattr(import_module(_MODULE_OF[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
