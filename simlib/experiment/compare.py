"""Comparison of designs under common random numbers, replication by replication; also under other cost profiles.

Other profiles show how far a verdict depends on the one that was chosen.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from simlib.analysis.gain_figures import find_largest_header
from simlib.deployment.required_operations import list_needed_operations
from simlib.deployment.simulate import check_budget
from simlib.engine.live_timing import Stopwatch
from simlib.experiment.jobs import Figures, Replication
from simlib.experiment.replicate import list_jobs, run_jobs, tabulate_replications
from simlib.experiment.result_store import open_store, use_store
from simlib.experiment.workers import Progress
from simlib.scenario.display import Displayed, Lines
from simlib.scenario.limits import Limits
from simlib.scenario.profile import MANY_CLAIMS, CostProfile
from simlib.scenario.records import Records
from simlib.scenario.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False, repr=False)
class Comparison(Displayed):
    """The replications of all designs. ``table`` has one row per design and replication.

    ``forms``: design -> host -> form of its stations. ``drifts``: design -> metric -> second minus first half of each
    replication. The first design is the baseline.
    """

    scenario: Scenario
    table: "pd.DataFrame"
    forms: Mapping[str, Mapping[str, str]]
    drifts: Mapping[str, Mapping[str, Sequence[float]]] = field(default_factory=dict)

    def _describe(self) -> tuple[str, Lines]:
        return f"{self.scenario.name}, {self.scenario.title}", (
            ("designs", ", ".join(self.designs)),
            ("replications of each", str(len(self.table) // len(self.designs))),
            ("figures of each replication", str(len(self.table.columns) - 2)),
        )

    @property
    def designs(self) -> tuple[str, ...]:
        """Names of the designs, baseline first."""
        return tuple(self.scenario.designs)

    def list_values(self, design: str, metric: str) -> list[float]:
        """One metric's value in each replication of a design, in the order of the replications."""
        return [float(value) for value in self._rows[design][metric]]

    def find_rows(self, design: str) -> "pd.DataFrame":
        """The rows of one design, in the order of the replications."""
        return self._rows[design]

    @cached_property
    def _rows(self) -> dict[str, "pd.DataFrame"]:
        """Design -> its rows of the table, in the order of the replications."""
        return {str(design): rows.sort_values("replication") for design, rows in self.table.groupby("design")}


def compare(
    scenario: Scenario,
    *,
    workers: int = 1,
    progress: Progress | None = None,
    records: Path | None = None,
    stopwatch: Stopwatch | None = None,
    figures: Figures | None = None,
    store: str | Path | None = None,
) -> Comparison:
    """Run every design of the scenario in the same replications.

    ``records`` is a folder that exists: all rows are kept there, in DESIGN/REPLICATION/ as `read_records` reads them.
    ``figures`` gives further columns of the table, such as `simlib.analysis.compute_gain_figures`. ``store`` is a
    folder in which results are kept, and looked up before anything is run. Raises InputError for a run beyond its
    memory budget, or live timing without a ``stopwatch``, which must be picklable when there are several ``workers``.
    """
    check_budget(scenario)
    jobs = list_jobs(scenario, tuple(scenario.designs), records, stopwatch, figures or choose_figures(scenario))
    with use_store(None if store is None else open_store(store)):
        return _build_comparison(scenario, run_jobs(jobs, workers, progress))


def choose_figures(scenario: Scenario) -> Figures | None:
    """Figures that the limits of a scenario need beside those of every comparison."""
    return None if scenario.limits.header_bytes is None else measure_header


def measure_header(records: Records, warm_up_s: float) -> Mapping[str, float]:
    """The largest request header of a run (bytes), warm-up included."""
    return {"header_bytes": find_largest_header(records)}


def _build_comparison(scenario: Scenario, replications: Sequence[Replication]) -> Comparison:
    forms = {run.design: run.forms for run in replications}
    return Comparison(scenario, tabulate_replications(replications), forms, _list_drifts(replications))


def _list_drifts(replications: Sequence[Replication]) -> dict[str, dict[str, list[float]]]:
    """Design -> metric -> the drift in each replication."""
    drifts: dict[str, dict[str, list[float]]] = {}
    for run in replications:
        for metric, difference in run.drift.items():
            drifts.setdefault(run.design, {}).setdefault(metric, []).append(difference)
    return drifts


MAX_REPLICATIONS = 4
"""Replications under each other profile, at most: enough for an interval, which is about twice as wide as of eight."""


@dataclass(frozen=True)
class OtherProfiles:
    """The scenario under each profile that can price it, and for the rest why not (design, missing operation).

    Keys are names of profiles. The seed is that of the scenario, so that every profile meets the same requests.
    """

    scenarios: Mapping[str, Scenario]
    unpriced: Mapping[str, tuple[str, str]]

    @property
    def runs(self) -> int:
        """Number of runs under all of them."""
        return sum(len(each.designs) * each.run.replications for each in self.scenarios.values())


def prepare_other_profiles(
    scenario: Scenario, profiles: Iterable[CostProfile], replications: int = MAX_REPLICATIONS
) -> OtherProfiles:
    """The scenario under each of some profiles but its own, with at most so many replications.

    Only the costs change; the scenario still names its own file. Limits are judged under its own profile alone.
    """
    run = scenario.run.model_copy(update={"replications": min(replications, scenario.run.replications)})
    others = {profile.name: profile for profile in profiles if profile.name != scenario.profile.name}
    missing = {name: find_missing_operation(scenario, profile) for name, profile in others.items()}
    return OtherProfiles(
        {
            name: replace(scenario, profile=others[name], run=run, limits=Limits())
            for name, operation in missing.items()
            if operation is None
        },
        {name: operation for name, operation in missing.items() if operation is not None},
    )


def find_missing_operation(scenario: Scenario, profile: CostProfile) -> tuple[str, str] | None:
    """The first design that needs an operation that the profile lacks, and that operation; None when it has all."""
    for name, design in scenario.designs.items():
        for operation in sorted(list_needed_operations(scenario, design)):
            if profile.find_row(operation) is None:
                row, size, _ = operation.partition("@")
                return name, f"{row}{MANY_CLAIMS}" if size and row in profile.quantiles else row
    return None


def compare_under(
    scenario: Scenario,
    others: OtherProfiles,
    *,
    workers: int = 1,
    progress: Progress | None = None,
    records: Path | None = None,
    stopwatch: Stopwatch | None = None,
) -> tuple[Comparison, dict[str, Comparison]]:
    """`simlib.compare` of the scenario, and of the same under each other profile, by one pool of workers.

    ``records`` keeps the rows of the scenario's own comparison alone. The first part equals what `compare` returns, and
    InputError is raised where `compare` raises it.
    """
    scenarios = [scenario, *others.scenarios.values()]
    for each in scenarios:
        check_budget(each)
    jobs = [
        (number, job)
        for number, each in enumerate(scenarios)
        for job in list_jobs(each, tuple(each.designs), None if number else records, stopwatch, choose_figures(each))
    ]
    done = run_jobs([job for _, job in jobs], workers, progress)
    replications: dict[int, list[Replication]] = {number: [] for number in range(len(scenarios))}
    for (number, _), replication in zip(jobs, done, strict=True):
        replications[number].append(replication)
    own, *rest = (_build_comparison(each, replications[number]) for number, each in enumerate(scenarios))
    return own, dict(zip(others.scenarios, rest, strict=True))
