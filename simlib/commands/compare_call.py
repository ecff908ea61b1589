"""Call of `simlib compare` with its options: the scenario or each cell of a grid is simulated, judged and written."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from simlib.commands.console import open_console, print_status
from simlib.commands.grid import Grid, list_cells
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


@dataclass(frozen=True)
class ComparisonCall:
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
            folder = self._write_report(verdicts, dependence, time.monotonic() - started, self.out)
        print_answer(
            self.json,
            lambda: _build_document(verdicts, dependence, load, folder),
            lambda: print_comparison(verdicts, dependence, None if folder is None else self.out),
        )

    def execute_cells(self, grid: Grid) -> None:
        """The same in every cell of a grid."""
        from simlib.commands.cells import CellWork, run_cells
        from simlib.commands.overrides import load_chosen_scenario, select_other_profiles
        from simlib.deployment.simulate import check_budget
        from simlib.experiment.atomic_folder import check_folder

        if self.records is not None:
            raise InputError("--records: cannot be given with --vary; compare one cell with its rows")
        cells = list_cells(self._choose_baseline(load_chosen_scenario(self.source, self.overrides)), grid)
        for cell in cells:
            check_budget(cell.scenario)
        if self.out is not None:
            check_folder(self.out, "--out")

        def run_cell(scenario: "Scenario", run: CommandRun) -> _Result:
            started = time.monotonic()
            others = select_other_profiles(self.profiles, scenario, self.source, self.out is not None)
            verdicts, dependence = self._simulate(scenario, others, run, None)
            return _Result(verdicts, dependence, time.monotonic() - started)

        work = CellWork(
            run_cell,
            lambda folder, done: self._write_report(done.verdicts, done.dependence, done.duration_s, folder),
            lambda done: (*done.verdicts.headlines, *done.verdicts.limit_sentences),
            lambda done: _build_document(done.verdicts, done.dependence, {}, None),
        )
        run_cells(work, cells, self.out, self.json)

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
        self, verdicts: "Verdicts", dependence: "ProfileDependence | None", duration_s: float, out: Path | None
    ) -> Path | None:
        if out is None:
            return None
        from simlib.report.comparison_folder import write_report
        from simlib.report.run_record import Provenance

        return write_report(out, verdicts, Provenance(self._list_options(), round(duration_s, 3)), dependence)

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


class _Result(NamedTuple):
    """A comparison of one cell, and how many seconds it took."""

    verdicts: "Verdicts"
    dependence: "ProfileDependence | None"
    duration_s: float


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
