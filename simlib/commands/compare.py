"""simlib compare: the main job."""

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from simlib.commands.console import Interrupted, console, print_json, tell
from simlib.commands.progress import heard_interrupts
from simlib.scenario.errors import InputError

if TYPE_CHECKING:
    from simlib.calibration.clock import CpuStopwatch
    from simlib.commands.overrides import Overrides
    from simlib.decision import ProfileDependence, Verdicts
    from simlib.experiment import OtherProfiles
    from simlib.scenario.scenario import Scenario

FEW_REQUESTS = 40_000
"""So few are simulated sooner than worker processes start."""


def compare(
    scenario: Annotated[
        str,
        typer.Argument(metavar="SCENARIO", help="A scenario file (TOML), a run.json, or the name of a bundled one."),
    ],
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Write a report into this folder.")] = None,
    records: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Keep all rows as Parquet, in DIR/DESIGN/REPLICATION/.")
    ] = None,
    load: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Replay this access log or CSV (plain or gzipped).")
    ] = None,
    time_column: Annotated[str | None, typer.Option(help="Column of a CSV that holds the time.")] = None,
    user_column: Annotated[str | None, typer.Option(help="Column of a CSV that names the user.")] = None,
    speed_up: Annotated[
        float | None, typer.Option(metavar="X", help="Replay X times as fast. Changes how often a token is used again.")
    ] = None,
    copies: Annotated[
        int | None, typer.Option(metavar="N", help="Replay N shifted copies with new users: a higher rate, same reuse.")
    ] = None,
    replications: Annotated[int | None, typer.Option(metavar="N", help="Runs per design.")] = None,
    seed: Annotated[int | None, typer.Option(metavar="N", help="Seed of all random numbers.")] = None,
    workers: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Processes; by default one per CPU. The result is the same.")
    ] = None,
    profile: Annotated[str | None, typer.Option(metavar="NAME_OR_CSV", help="Another cost profile.")] = None,
    timing: Annotated[
        str | None, typer.Option(metavar="profile|live", help="live: charge what real work takes in this very run.")
    ] = None,
    profiles: Annotated[
        str | None,
        typer.Option(
            metavar="all|none|NAME,...",
            help="Judge again under these cost profiles, in at most 4 runs per design. By default all bundled ones "
            "with --out, else none.",
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")] = False,
) -> None:
    """Compare the designs of a scenario: the same requests for each, with intervals and verdicts.

    The first design is the baseline. Options take the place of values in the file.

    \b
    Examples:
      simlib compare web-shop --out report/
      simlib compare my.toml --replications 20 --seed 7
      simlib compare web-shop --load access.log.gz --copies 10
      simlib compare report/run.json --out again/     (repeats a run exactly)
      simlib compare web-shop --profiles all          (does the verdict hold on other stacks?)
      simlib compare web-shop --records rows/         (data/records.md says what is in the files)
      simlib compare web-shop --timing live           (times vary from run to run)

    Exit status: 0, 2 for bad input, 130 after Ctrl-C. Folders appear whole or not at all.
    """
    from simlib.commands.overrides import Overrides

    overrides = Overrides(load, time_column, user_column, speed_up, copies, replications, seed, profile, timing)
    _Command(scenario, overrides, out, records, workers, profiles, json).execute()


class _Command:
    """One call of the command; values only, nothing changes."""

    def __init__(
        self,
        source: str,
        overrides: "Overrides",
        out: Path | None,
        records: Path | None,
        workers: int | None,
        profiles: str | None,
        json: bool,
    ) -> None:
        self.source = source
        self.overrides = overrides
        self.out = out
        self.records = records
        self.workers = workers
        self.profiles = profiles
        self.json = json

    def execute(self) -> None:
        """Check everything that can be checked, then simulate, judge, write and tell."""
        from simlib.commands.compare_terminal import describe_load
        from simlib.commands.overrides import chosen_scenario, other_profiles
        from simlib.deployment.simulate import check_budget
        from simlib.report.comparison_folder import check_report_folder

        started = time.monotonic()
        scenario = chosen_scenario(self.source, self.overrides)
        check_budget(scenario)
        others = other_profiles(self.profiles, scenario, self.source, self.out is not None)
        if self.out is not None:
            check_report_folder(self.out)
        self._check_records()
        self._warn_of_another_profile(scenario)
        lines, load = describe_load(scenario)
        if not self.json:
            self._introduce(scenario, others, lines)
        with heard_interrupts() as ask:
            try:
                with self._records_folder() as rows:
                    verdicts, dependence = self._simulate(scenario, others, ask, rows)
                    ask()
                folder = self._write(verdicts, dependence, time.monotonic() - started)
            except KeyboardInterrupt:
                raise Interrupted(self._not_done()) from None
        self._tell(verdicts, dependence, load, folder)

    def _check_records(self) -> None:
        if self.records is None:
            return
        from simlib.experiment.atomic_folder import check_folder

        records = check_folder(self.records, "--records")
        if self.out is not None and self.out.resolve() in (records, *records.parents):
            raise InputError(f"--records {self.records}: lies in the folder of the report; name one beside it")

    def _records_folder(self) -> "AbstractContextManager[Path | None]":
        if self.records is None:
            return nullcontext()
        from simlib.experiment.atomic_folder import write_folder_atomically

        return write_folder_atomically(self.records, "--records")

    def _simulate(
        self, scenario: "Scenario", others: "OtherProfiles", ask: Callable[[], None], rows: Path | None
    ) -> "tuple[Verdicts, ProfileDependence | None]":
        """All runs in one go, then judged; no dependence when no other profile was asked for."""
        import warnings

        from simlib.commands.progress import progress
        from simlib.decision import judge_comparison, judge_profiles
        from simlib.experiment import compare_under

        # joblib's advice for programmers, which Ctrl-C would bring up.
        warnings.filterwarnings("ignore", message=r"\d+ tasks which were still being processed")
        runs = len(scenario.designs) * scenario.run.replications + others.runs
        with progress(runs) as tell_progress:

            def told(done: int, total: int) -> None:
                ask()
                tell_progress(done, total)

            workers = self._workers(scenario, runs)
            stopwatch = self._stopwatch(scenario)
            own, rest = compare_under(
                scenario, others, workers=workers, progress=told, records=rows, stopwatch=stopwatch
            )
        verdicts = judge_comparison(own)
        if not rest and not others.unpriced:
            return verdicts, None
        return verdicts, judge_profiles(verdicts, {n: judge_comparison(c) for n, c in rest.items()}, others.unpriced)

    def _stopwatch(self, scenario: "Scenario") -> "CpuStopwatch | None":
        if scenario.run.timing != "live":
            return None
        from simlib.calibration.clock import CpuStopwatch

        return CpuStopwatch()

    def _workers(self, scenario: "Scenario", runs: int) -> int:
        from simlib.experiment.workers import usable_cpus

        if self.workers is not None:
            return min(self.workers, runs)
        if scenario.run.timing == "live":
            return 1  # neighbours at work would slow down what is timed
        return 1 if scenario.expected_requests * runs < FEW_REQUESTS else min(usable_cpus(), runs)

    def _write(self, verdicts: "Verdicts", dependence: "ProfileDependence | None", duration_s: float) -> Path | None:
        if self.out is None:
            return None
        from simlib.report.comparison_folder import write_report
        from simlib.report.run_record import Provenance

        return write_report(self.out, verdicts, Provenance(self._options(), round(duration_s, 3)), dependence)

    def _options(self) -> Mapping[str, Any]:
        from dataclasses import asdict

        more = {"workers": self.workers, "profiles": self.profiles, "json": self.json or None}
        given = {**asdict(self.overrides), **more}
        named = {name: str(value) if isinstance(value, Path) else value for name, value in given.items()}
        return {"command": "compare", **{name: value for name, value in named.items() if value is not None}}

    def _not_done(self) -> str:
        missing = [] if self.out is None else [f"no report was written to {self.out}"]
        if self.records is not None and not self.records.exists():
            missing.append(f"no records were written to {self.records}")
        return " and ".join(missing) or "nothing was written"

    def _warn_of_another_profile(self, scenario: "Scenario") -> None:
        """A run.json names the profile that it was made with; another one gives other numbers."""
        from simlib.report.run_record import recorded_profile, same_profile

        if self.overrides.profile is None and not same_profile(scenario, recorded_profile(Path(self.source))):
            tell(f"simlib: warning: cost profile {scenario.profile.name} is not the one that this run was made with")

    def _introduce(self, scenario: "Scenario", others: "OtherProfiles", lines: list[str]) -> None:
        screen = console()
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

    def _tell(
        self,
        verdicts: "Verdicts",
        dependence: "ProfileDependence | None",
        load: Mapping[str, Any],
        folder: Path | None,
    ) -> None:
        if self.json:
            from simlib.report.summary import comparison_document

            where = None if folder is None else str(folder)
            print_json({**comparison_document(verdicts, dependence), "load": dict(load) or None, "report": where})
        else:
            from simlib.commands.compare_terminal import print_comparison

            print_comparison(verdicts, dependence, None if folder is None else self.out)
