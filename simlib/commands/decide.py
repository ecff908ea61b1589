"""Command `simlib decide`: decision which design to choose, as a decision record."""

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from simlib.commands.console import open_console
from simlib.commands.execution import use_store_and_cluster
from simlib.commands.grid import Grid, list_cells, read_grid
from simlib.commands.options import (
    Cluster,
    Json,
    Load,
    Replications,
    SampleOfPoints,
    Seed,
    Source,
    Store,
    Vary,
    Workers,
    Yes,
)
from simlib.commands.runner import CommandRun, describe_missing_output, print_answer, run_interruptibly

if TYPE_CHECKING:
    from simlib.commands.overrides import DecisionOverrides, DecisionSettings, Overrides
    from simlib.decision.choice.results import Decision
    from simlib.decision.effort import EffortLedger
    from simlib.scenario.scenario import Scenario

NO_DESIGN_MEETS_THE_LIMITS = 1

_OUT = typer.Option(metavar="DIR", help="Write the decision record into this folder.")
_EFFORT = typer.Option(metavar="CSV", help="Your own estimates, in person-days (simlib effort --help).")
_BASELINE = typer.Option(metavar="DESIGN", help="Reference of all comparisons; by default the first design.")
_PRESENT = typer.Option(metavar="DESIGN", help="The design in use, from which a migration would begin.")
_HORIZON = typer.Option(metavar="YEARS", help="Years over which costs are added up.")
_DAY = typer.Option(metavar="MONEY", help="Price of a developer's day, in the currency of the prices.")
_RATE = typer.Option(metavar="X", help="Discount rate per year, such as 0.05.")
_REQUESTS = typer.Option(metavar="N", help="Requests per year; by default the scenario's load for the whole year.")
_DRAWS = typer.Option(metavar="N", help="Draws of the Monte-Carlo simulation; 10,000 by default.")
_SENSITIVITY = typer.Option(
    "--sensitivity/--no-sensitivity", help="Sensitivity analysis of the inputs; by default yes."
)
_PROFILE = typer.Option(metavar="NAME_OR_CSV", help="Another cost profile.")


def decide(
    scenario: Source,
    out: Annotated[Path | None, _OUT] = None,
    effort: Annotated[Path | None, _EFFORT] = None,
    baseline: Annotated[str | None, _BASELINE] = None,
    present: Annotated[str | None, _PRESENT] = None,
    horizon: Annotated[float | None, _HORIZON] = None,
    price_developer_day: Annotated[float | None, _DAY] = None,
    discount_rate: Annotated[float | None, _RATE] = None,
    requests_per_year: Annotated[float | None, _REQUESTS] = None,
    load: Load = None,
    replications: Replications = None,
    seed: Seed = None,
    draws: Annotated[int | None, _DRAWS] = None,
    sensitivity: Annotated[bool | None, _SENSITIVITY] = None,
    workers: Workers = None,
    profile: Annotated[str | None, _PROFILE] = None,
    store: Store = None,
    cluster: Cluster = None,
    vary: Vary = None,
    sample: SampleOfPoints = None,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Decide which design to choose: limits first, then total cost of building, running, latency and outages.

    Compares the designs, finds the cheapest servers that meet the limits, and treats effort, prices and the
    uncertainty of the simulation in one Monte-Carlo simulation. A verdict holds in a share of the draws, given the
    estimates; the inputs that turn it are named, with the values at which they do. "It does not matter" and
    "undecided" are valid answers. Options replace values of the file. One to two minutes on two cores.

    \b
    Examples:
      simlib decide web-shop --out decision/
      simlib decide my.toml --effort my-team.csv --price-developer-day 700
      simlib decide internal-tool --present opaque --horizon 5
      simlib decide my.toml --baseline opaque_cached --load access.log.gz
      simlib decide decision/run.json --out again/     (repeats a decision exactly)
      simlib decide web-shop --json --no-sensitivity   (for programs, and quicker)
      simlib decide web-shop --vary load=30,60,120     (a decision in every cell)

    Further inputs: [prices], [worth], [organisation], [decision], [limits] of the file; work items: simlib effort.

    Exit status: 0, 1 when no design meets the limits (of a cell), 2 for bad input or a killed worker process, 130
    after Ctrl-C, 143 after SIGTERM. The folder appears complete or not at all; with --vary it holds a record per cell
    and cells.csv.
    """
    from simlib.commands.overrides import DecisionOverrides, Overrides

    terms = DecisionOverrides(baseline, present, horizon, discount_rate, requests_per_year, price_developer_day)
    overrides = Overrides(load=load, replications=replications, seed=seed, profile=profile)
    call = _DecisionCall(scenario, overrides, terms, out, workers, json)
    grid = read_grid(vary, sample, yes)
    with use_store_and_cluster(store, cluster, out):
        if grid.variations:
            decisions = call.execute_cells(grid, effort, draws, sensitivity)
        else:
            decisions = [call.execute(effort, draws, sensitivity)]
    if any(decision.word == "none" for decision in decisions):
        raise typer.Exit(NO_DESIGN_MEETS_THE_LIMITS)


@dataclass(frozen=True)
class _DecisionCall:
    """One call of the command with its options."""

    source: str
    overrides: "Overrides"
    terms: "DecisionOverrides"
    out: Path | None
    workers: int | None
    json: bool

    def execute(self, effort: Path | None, draws: int | None, sensitivity: bool | None) -> "Decision":
        """Check everything that can be checked, then simulate, decide, write and print."""
        from simlib.commands.decide_terminal import print_decision
        from simlib.commands.overrides import choose_decision_settings, load_decision_scenario
        from simlib.decision.choice.inputs import list_money_inputs
        from simlib.decision.effort import load_ledger
        from simlib.deployment.simulate import check_budget
        from simlib.report.record.folder import check_decision_folder

        started = time.monotonic()
        scenario = load_decision_scenario(self.source, self.overrides, self.terms)
        settings = choose_decision_settings(self.source, effort, draws, sensitivity)
        ledger = load_ledger(overrides=settings.effort)
        list_money_inputs(scenario)
        check_budget(scenario)
        if self.out is not None:
            check_decision_folder(self.out)
        if not self.json:
            _print_introduction(scenario, settings)
        with run_interruptibly(lambda: describe_missing_output(self.out, "no decision record"), self.out) as run:
            decision = self._decide(scenario, ledger, settings, run)
            folder = self._write_record(decision, ledger, settings, time.monotonic() - started, self.out)
            run.raise_if_interrupted()
        print_answer(
            self.json,
            lambda: _build_document(decision, folder),
            lambda: print_decision(decision, None if folder is None else self.out),
        )
        return decision

    def execute_cells(
        self, grid: Grid, effort: Path | None, draws: int | None, sensitivity: bool | None
    ) -> "list[Decision]":
        """The same in every cell of a grid."""
        from simlib.commands.cells import CellWork, run_cells
        from simlib.commands.overrides import choose_decision_settings, load_decision_scenario
        from simlib.decision.choice.inputs import list_money_inputs
        from simlib.decision.effort import load_ledger
        from simlib.deployment.simulate import check_budget
        from simlib.experiment.atomic_folder import check_folder
        from simlib.report.record.outcome import describe_equivalences, describe_verdict

        cells = list_cells(load_decision_scenario(self.source, self.overrides, self.terms), grid)
        settings = choose_decision_settings(self.source, effort, draws, sensitivity)
        ledger = load_ledger(overrides=settings.effort)
        for cell in cells:
            list_money_inputs(cell.scenario)
            check_budget(cell.scenario)
        if self.out is not None:
            check_folder(self.out, "--out")
        started = time.monotonic()
        work = CellWork(
            lambda scenario, run: self._decide(scenario, ledger, settings, run),
            lambda folder, made: self._write_record(made, ledger, settings, time.monotonic() - started, folder),
            lambda made: (describe_verdict(made), *describe_equivalences(made)),
            lambda made: _build_document(made, None),
        )
        return run_cells(work, cells, self.out, self.json)

    def _decide(
        self, scenario: "Scenario", ledger: "EffortLedger", settings: "DecisionSettings", run: CommandRun
    ) -> "Decision":
        from simlib.decision.choice.decide import decide as make_decision
        from simlib.experiment.executors import count_usable_cpus

        with run.show_stage_progress() as progress:
            return make_decision(
                scenario,
                ledger,
                draws=settings.draws,
                sensitivity=settings.sensitivity,
                workers=self.workers or count_usable_cpus(),
                progress=progress,
            )

    def _write_record(
        self,
        decision: "Decision",
        ledger: "EffortLedger",
        settings: "DecisionSettings",
        duration_s: float,
        out: Path | None,
    ) -> Path | None:
        if out is None:
            return None
        from simlib.commands.overrides import build_settings_document
        from simlib.report.record.complexity import measure_complexity
        from simlib.report.record.folder import write_decision
        from simlib.report.run_record import Provenance

        recorded = build_settings_document(settings, out.resolve())
        provenance = Provenance(self._list_options(settings), round(duration_s, 3), recorded)
        return write_decision(out, decision, measure_complexity(decision.scenario, ledger), provenance)

    def _list_options(self, settings: "DecisionSettings") -> Mapping[str, Any]:
        more = {"effort": settings.effort, "workers": self.workers, "json": self.json or None}
        options = {**asdict(self.overrides), **asdict(self.terms), **more}
        values = {name: str(value) if isinstance(value, Path) else value for name, value in options.items()}
        return {"command": "decide", **{name: value for name, value in values.items() if value is not None}}


def _print_introduction(scenario: "Scenario", settings: "DecisionSettings") -> None:
    estimates = "" if settings.effort is None else f", estimates of {settings.effort}"
    open_console().print(
        f"{scenario.title}: {', '.join(scenario.designs)}; {scenario.terms.horizon_years:g} years, "
        f"{settings.draws:,} draws, seed {scenario.run.seed}{estimates}"
    )


def _build_document(decision: "Decision", folder: Path | None) -> dict[str, Any]:
    from simlib.decision.choice.document import build_decision_document

    return {**build_decision_document(decision), "report": None if folder is None else str(folder)}
