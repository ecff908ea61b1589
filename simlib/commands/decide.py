"""simlib decide: from a scenario to a decision record."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from simlib.commands.console import Interrupted, console, print_json
from simlib.commands.progress import heard_interrupts

if TYPE_CHECKING:
    from simlib.commands.overrides import Made, Overrides, TermsGiven
    from simlib.decision.choice.results import Decision
    from simlib.decision.effort import EffortLedger
    from simlib.scenario.scenario import Scenario

NO_DESIGN_MEETS_THE_LIMITS = 1

_SOURCE = typer.Argument(metavar="SCENARIO", help="A scenario file (TOML), a run.json, or the name of a bundled one.")
_OUT = typer.Option(metavar="DIR", help="Write the decision record into this folder.")
_EFFORT = typer.Option(metavar="CSV", help="Your own estimates, in person-days (simlib effort --help).")
_BASELINE = typer.Option(metavar="DESIGN", help="What the others are held against; by default the first.")
_PRESENT = typer.Option(metavar="DESIGN", help="What runs today, so that one would have to migrate.")
_HORIZON = typer.Option(metavar="YEARS", help="How long it has to pay for itself.")
_DAY = typer.Option(metavar="MONEY", help="Of one developer for a day, in the prices' currency.")
_RATE = typer.Option(metavar="X", help="A year, such as 0.05.")
_REQUESTS = typer.Option(metavar="N", help="By default the scenario's load all year long.")
_LOAD = typer.Option(metavar="FILE", help="Replay this access log or CSV (plain or gzipped).")
_REPLICATIONS = typer.Option(metavar="N", help="Runs per design.")
_SEED = typer.Option(metavar="N", help="Seed of all random numbers.")
_DRAWS = typer.Option(metavar="N", help="Draws of the Monte-Carlo; 10,000 by default.")
_SENSITIVITY = typer.Option("--sensitivity/--no-sensitivity", help="Find out what drives the answer (by default yes).")
_WORKERS = typer.Option(metavar="N", min=1, help="Processes; by default one per CPU. The result is the same.")
_PROFILE = typer.Option(metavar="NAME_OR_CSV", help="Another cost profile.")
_JSON = typer.Option("--json", help="Print one JSON document and nothing else.")


def decide(
    scenario: Annotated[str, _SOURCE],
    out: Annotated[Path | None, _OUT] = None,
    effort: Annotated[Path | None, _EFFORT] = None,
    baseline: Annotated[str | None, _BASELINE] = None,
    present: Annotated[str | None, _PRESENT] = None,
    horizon: Annotated[float | None, _HORIZON] = None,
    price_developer_day: Annotated[float | None, _DAY] = None,
    discount_rate: Annotated[float | None, _RATE] = None,
    requests_per_year: Annotated[float | None, _REQUESTS] = None,
    load: Annotated[Path | None, _LOAD] = None,
    replications: Annotated[int | None, _REPLICATIONS] = None,
    seed: Annotated[int | None, _SEED] = None,
    draws: Annotated[int | None, _DRAWS] = None,
    sensitivity: Annotated[bool | None, _SENSITIVITY] = None,
    workers: Annotated[int | None, _WORKERS] = None,
    profile: Annotated[str | None, _PROFILE] = None,
    json: Annotated[bool, _JSON] = False,
) -> None:
    """Decide which design to take: limits first, then what each costs to build, to run, and to live with.

    Compares the designs, finds the cheapest servers that keep the limits, and draws effort, prices and what the
    simulation leaves uncertain, all in one Monte-Carlo. "It does not matter" and "undecided" are proper answers.
    Options take the place of values in the file. One to two minutes on two cores.

    \b
    Examples:
      simlib decide web-shop --out decision/
      simlib decide my.toml --effort my-team.csv --price-developer-day 700
      simlib decide internal-tool --present opaque --horizon 5
      simlib decide my.toml --baseline opaque_cached --load access.log.gz
      simlib decide decision/run.json --out again/     (repeats a decision exactly)
      simlib decide web-shop --json --no-sensitivity   (for machines, and quicker)

    What it takes besides the simulation is in [prices], [worth], [organisation], [decision] and [limits] of the
    scenario (simlib schema); simlib effort says what stands behind the person-days.

    Exit status: 0, 1 when no design meets the limits, 2 for bad input, 130 after Ctrl-C. The folder appears whole or
    not at all.
    """
    from simlib.commands.overrides import Overrides, TermsGiven

    given = TermsGiven(baseline, present, horizon, discount_rate, requests_per_year, price_developer_day)
    overrides = Overrides(load=load, replications=replications, seed=seed, profile=profile)
    command = _Command(scenario, overrides, given, out, workers, json)
    decision = command.execute(effort, draws, sensitivity)
    if decision.word == "none":
        raise typer.Exit(NO_DESIGN_MEETS_THE_LIMITS)


class _Command:
    """One call of the command; values only, nothing changes."""

    def __init__(
        self,
        source: str,
        overrides: "Overrides",
        given: "TermsGiven",
        out: Path | None,
        workers: int | None,
        json: bool,
    ) -> None:
        self.source = source
        self.overrides = overrides
        self.given = given
        self.out = out
        self.workers = workers
        self.json = json

    def execute(self, effort: Path | None, draws: int | None, sensitivity: bool | None) -> "Decision":
        """Check everything that can be checked, then simulate, decide, write and tell."""
        from simlib.commands.overrides import decided_scenario, made_how
        from simlib.decision.choice.inputs import money_inputs
        from simlib.decision.effort import load_ledger
        from simlib.deployment.simulate import check_budget
        from simlib.report.record.folder import check_decision_folder

        started = time.monotonic()
        scenario = decided_scenario(self.source, self.overrides, self.given)
        made = made_how(self.source, effort, draws, sensitivity)
        ledger = load_ledger(overrides=made.effort)
        money_inputs(scenario)
        check_budget(scenario)
        if self.out is not None:
            check_decision_folder(self.out)
        if not self.json:
            self._introduce(scenario, made)
        with heard_interrupts() as ask:
            try:
                decision = self._decide(scenario, ledger, made, ask)
                folder = self._write(decision, ledger, made, time.monotonic() - started)
                ask()
            except KeyboardInterrupt:
                raise Interrupted(self._not_done()) from None
        self._tell(decision, folder)
        return decision

    def _decide(
        self, scenario: "Scenario", ledger: "EffortLedger", made: "Made", ask: Callable[[], None]
    ) -> "Decision":
        import warnings

        from simlib.commands.progress import stage_progress
        from simlib.decision.choice.decide import make_decision
        from simlib.experiment.workers import usable_cpus

        # joblib's advice for programmers, which Ctrl-C would bring up.
        warnings.filterwarnings("ignore", message=r"\d+ tasks which were still being processed")
        with stage_progress() as tell_progress:

            def told(stage: str, done: int, total: int) -> None:
                ask()
                tell_progress(stage, done, total)

            return make_decision(
                scenario,
                ledger,
                draws=made.draws,
                sensitivity=made.sensitivity,
                workers=self.workers or usable_cpus(),
                progress=told,
            )

    def _write(self, decision: "Decision", ledger: "EffortLedger", made: "Made", duration_s: float) -> Path | None:
        if self.out is None:
            return None
        from simlib.commands.overrides import made_document
        from simlib.report.record.complexity import complexity_of
        from simlib.report.record.folder import write_decision
        from simlib.report.run_record import Provenance

        how = made_document(made, self.out.resolve())
        provenance = Provenance(self._options(made), round(duration_s, 3), how)
        return write_decision(self.out, decision, complexity_of(decision.scenario, ledger), provenance)

    def _options(self, made: "Made") -> Mapping[str, Any]:
        from dataclasses import asdict

        more = {"effort": made.effort, "workers": self.workers, "json": self.json or None}
        given = {**asdict(self.overrides), **asdict(self.given), **more}
        named = {name: str(value) if isinstance(value, Path) else value for name, value in given.items()}
        return {"command": "decide", **{name: value for name, value in named.items() if value is not None}}

    def _not_done(self) -> str:
        return "nothing was written" if self.out is None else f"no decision record was written to {self.out}"

    def _introduce(self, scenario: "Scenario", made: "Made") -> None:
        estimates = "" if made.effort is None else f", estimates of {made.effort}"
        console().print(
            f"{scenario.title}: {', '.join(scenario.designs)}; {scenario.terms.horizon_years:g} years, "
            f"{made.draws:,} draws, seed {scenario.run.seed}{estimates}"
        )

    def _tell(self, decision: "Decision", folder: Path | None) -> None:
        if self.json:
            from simlib.decision.choice.document import decision_document

            print_json({**decision_document(decision), "report": None if folder is None else str(folder)})
        else:
            from simlib.commands.decide_terminal import print_decision

            print_decision(decision, None if folder is None else self.out)
