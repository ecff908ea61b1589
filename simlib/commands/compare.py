"""Command `simlib compare`: comparison of the designs of a scenario, with intervals and verdicts."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from simlib.commands.console import open_console, print_status
from simlib.commands.options import Baseline, Json, Load, Profiles, Replications, Seed, Source, Workers
from simlib.commands.runner import CommandRun, count_workers, describe_missing_output, print_answer, run_interruptibly
from simlib.scenario.errors import InputError, describe_unknown

if TYPE_CHECKING:
    from simlib.calibration.clock import CpuStopwatch
    from simlib.commands.overrides import Overrides
    from simlib.decision import ProfileDependence, Verdicts
    from simlib.experiment import OtherProfiles
    from simlib.scenario.scenario import Scenario

FEW_REQUESTS = 40_000
"""Requests of all runs below which one process is quicker than starting workers."""


def compare(
    scenario: Source,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Write a report into this folder.")] = None,
    records: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Keep all rows as Parquet, in DIR/DESIGN/REPLICATION/; needs simlib[records]."
        ),
    ] = None,
    load: Load = None,
    time_column: Annotated[str | None, typer.Option(help="Column of a CSV that holds the time.")] = None,
    user_column: Annotated[str | None, typer.Option(help="Column of a CSV that names the user.")] = None,
    speed_up: Annotated[
        float | None, typer.Option(metavar="X", help="Replay X times as fast. Changes how often a token is used again.")
    ] = None,
    copies: Annotated[
        int | None, typer.Option(metavar="N", help="Replay N shifted copies with new users: a higher rate, same reuse.")
    ] = None,
    replications: Replications = None,
    seed: Seed = None,
    workers: Workers = None,
    profile: Annotated[str | None, typer.Option(metavar="NAME_OR_CSV", help="Another cost profile.")] = None,
    timing: Annotated[
        str | None, typer.Option(metavar="profile|live", help="live: measure CPU times of real operations in this run.")
    ] = None,
    profiles: Profiles = None,
    baseline: Baseline = None,
    json: Json = False,
) -> None:
    """Compare the designs of a scenario: the same requests for each, with intervals and verdicts.

    Every pair is compared, and each design with the best of all; every limit of the file is checked, and what would
    keep it is named. The baseline of tables is decision.baseline of the file, else its first design. Options replace
    values of the file.

    \b
    Examples:
      simlib compare web-shop --out report/
      simlib compare web-shop --baseline opaque_cached
      simlib compare my.toml --replications 20 --seed 7
      simlib compare web-shop --load access.log.gz --copies 10
      simlib compare report/run.json --out again/     (repeats a run exactly)
      simlib compare web-shop --profiles all          (does the verdict hold on other stacks?)
      simlib compare web-shop --records rows/         (data/records.md says what is in the files)
      simlib compare web-shop --timing live           (times vary from run to run)

    Exit status: 0, 2 for bad input or a killed worker process, 130 after Ctrl-C, 143 after SIGTERM. Folders appear
    complete or not at all.
    """
    from simlib.commands.overrides import Overrides

    overrides = Overrides(load, time_column, user_column, speed_up, copies, replications, seed, profile, timing)
    _Comparison(scenario, overrides, out, records, workers, profiles, baseline, json).execute()


@dataclass(frozen=True)
class _Comparison:
    """One call of the command with its options."""

    source: str
    overrides: "Overrides"
    out: Path | None
    records: Path | None
    workers: int | None
    profiles: str | None
    baseline: str | None
    json: bool

    def execute(self) -> None:
        """Check everything that can be checked, then simulate, judge, write and print."""
        from simlib.commands.compare_terminal import describe_replayed_load, print_comparison
        from simlib.commands.overrides import load_chosen_scenario, select_other_profiles
        from simlib.deployment.simulate import check_budget
        from simlib.report.comparison_folder import check_report_folder

        started = time.monotonic()
        scenario = self._choose_baseline(load_chosen_scenario(self.source, self.overrides))
        check_budget(scenario)
        others = select_other_profiles(self.profiles, scenario, self.source, self.out is not None)
        if self.out is not None:
            check_report_folder(self.out)
        self._check_records_folder()
        self._warn_of_another_profile(scenario)
        lines, load = describe_replayed_load(scenario)
        if not self.json:
            self._print_introduction(scenario, others, lines)
        with run_interruptibly(self._describe_loss, self.out, keeps=self.records) as run:
            with self._open_records_folder() as rows:
                verdicts, dependence = self._simulate(scenario, others, run, rows)
                run.raise_if_interrupted()
            folder = self._write_report(verdicts, dependence, time.monotonic() - started)
        print_answer(
            self.json,
            lambda: _build_document(verdicts, dependence, load, folder),
            lambda: print_comparison(verdicts, dependence, None if folder is None else self.out),
        )

    def _choose_baseline(self, scenario: "Scenario") -> "Scenario":
        """The scenario with the baseline as one of its terms, so that a record of the run has it."""
        if self.baseline is None:
            return scenario
        if self.baseline not in scenario.designs:
            raise InputError(f"--baseline: {describe_unknown('design', self.baseline, list(scenario.designs))}")
        return replace(scenario, terms=scenario.terms.model_copy(update={"baseline": self.baseline}))

    def _check_records_folder(self) -> None:
        if self.records is None:
            return
        from simlib.experiment.atomic_folder import check_folder
        from simlib.experiment.parquet import require_pyarrow

        require_pyarrow("--records")
        records = check_folder(self.records, "--records")
        if self.out is not None and self.out.resolve() in (records, *records.parents):
            raise InputError(f"--records {self.records}: lies in the folder of the report; name one beside it")

    @contextmanager
    def _open_records_folder(self) -> Iterator[Path | None]:
        """A temporary folder for the rows; those of finished runs are kept when a worker process is lost."""
        if self.records is None:
            yield None
            return
        from simlib.experiment.atomic_folder import keep_unfinished, write_folder_atomically
        from simlib.experiment.workers import WorkerLostError

        with write_folder_atomically(self.records, "--records") as rows:
            try:
                yield rows
            except WorkerLostError as error:
                if not any(rows.glob("*/*")):
                    raise
                raise error.extend(f"their rows are in {keep_unfinished(rows, self.records)}") from error

    def _simulate(
        self, scenario: "Scenario", others: "OtherProfiles", run: CommandRun, rows: Path | None
    ) -> "tuple[Verdicts, ProfileDependence | None]":
        """All runs in one batch, then judged; the dependence is None without other profiles."""
        from simlib.decision import explain_limits, judge_comparison, judge_profiles
        from simlib.experiment import compare_under

        runs = len(scenario.designs) * scenario.run.replications + others.runs
        with run.show_progress(runs) as progress:
            comparison, under_others = compare_under(
                scenario,
                others,
                workers=self._count_workers(scenario, runs),
                progress=progress,
                records=rows,
                stopwatch=_start_stopwatch(scenario),
            )
        verdicts = explain_limits(judge_comparison(comparison), self._count_workers(scenario, runs))
        if not under_others and not others.unpriced:
            return verdicts, None
        judged = {name: judge_comparison(other) for name, other in under_others.items()}
        return verdicts, judge_profiles(verdicts, judged, others.unpriced)

    def _count_workers(self, scenario: "Scenario", runs: int) -> int:
        if self.workers is not None:
            return count_workers(self.workers, runs)
        if scenario.run.timing == "live":
            return 1  # other processes would slow down what is timed
        return 1 if scenario.expected_requests * runs < FEW_REQUESTS else count_workers(None, runs)

    def _write_report(
        self, verdicts: "Verdicts", dependence: "ProfileDependence | None", duration_s: float
    ) -> Path | None:
        if self.out is None:
            return None
        from simlib.report.comparison_folder import write_report
        from simlib.report.run_record import Provenance

        return write_report(self.out, verdicts, Provenance(self._list_options(), round(duration_s, 3)), dependence)

    def _list_options(self) -> Mapping[str, Any]:
        more = {
            "workers": self.workers,
            "profiles": self.profiles,
            "baseline": self.baseline,
            "json": self.json or None,
        }
        options = {**asdict(self.overrides), **more}
        values = {name: str(value) if isinstance(value, Path) else value for name, value in options.items()}
        return {"command": "compare", **{name: value for name, value in values.items() if value is not None}}

    def _describe_loss(self) -> str:
        missing = [] if self.out is None else [describe_missing_output(self.out, "no report")]
        if self.records is not None:
            missing.append(describe_missing_output(self.records, "no records", "were"))
        return " and ".join(missing) or "nothing was written"

    def _warn_of_another_profile(self, scenario: "Scenario") -> None:
        """A run.json names the profile that it was made with; another one gives other numbers."""
        from simlib.report.run_record import is_same_profile, read_recorded_profile

        if self.overrides.profile is None and not is_same_profile(scenario, read_recorded_profile(Path(self.source))):
            print_status(
                f"simlib: warning: cost profile {scenario.profile.origin} is not the one that this run was made with"
            )

    def _print_introduction(self, scenario: "Scenario", others: "OtherProfiles", lines: list[str]) -> None:
        screen = open_console()
        designs, run = len(scenario.designs), scenario.run
        screen.print(
            f"{scenario.title}: {designs} design{'' if designs == 1 else 's'} x "
            f"{run.replications} replication{'' if run.replications == 1 else 's'}, "
            f"about {scenario.expected_requests:,.0f} requests each, seed {run.seed}"
        )
        if others.scenarios:
            few = next(iter(others.scenarios.values())).run.replications
            screen.print(f"judged again under {', '.join(others.scenarios)}: {few} replications each")
        for line in lines:
            screen.print(line, style="yellow" if line.startswith("warning") else None)


def _start_stopwatch(scenario: "Scenario") -> "CpuStopwatch | None":
    if scenario.run.timing != "live":
        return None
    from simlib.calibration.clock import CpuStopwatch

    return CpuStopwatch()


def _build_document(
    verdicts: "Verdicts", dependence: "ProfileDependence | None", load: Mapping[str, Any], folder: Path | None
) -> dict[str, Any]:
    from simlib.report.summary import build_comparison_document

    report = None if folder is None else str(folder)
    return {**build_comparison_document(verdicts, dependence), "load": dict(load) or None, "report": report}
