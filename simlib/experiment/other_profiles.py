"""The same comparison under other cost profiles, to see how far its verdict depends on the one that was chosen."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

from simlib.engine.live import Stopwatch
from simlib.engine.needs import needed_operations
from simlib.engine.simulate import check_budget
from simlib.experiment.compare import Comparison
from simlib.experiment.replicate import Progress, as_frame, jobs_of, run_jobs
from simlib.scenario.profile import MANY_CLAIMS, CostProfile
from simlib.scenario.scenario import Scenario

FEW = 4
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
        """How many runs they ask for."""
        return sum(len(one.designs) * one.run.replications for one in self.scenarios.values())


def under_other_profiles(scenario: Scenario, profiles: Iterable[CostProfile], replications: int = FEW) -> OtherProfiles:
    """The scenario under each of some profiles but its own, with at most so many replications.

    Only the costs are exchanged; the file that the scenario names stays.
    """
    run = scenario.run.model_copy(update={"replications": min(replications, scenario.run.replications)})
    others = {profile.name: profile for profile in profiles if profile.name != scenario.profile.name}
    lacking = {name: missing_operation(scenario, profile) for name, profile in others.items()}
    return OtherProfiles(
        {name: replace(scenario, profile=others[name], run=run) for name, lack in lacking.items() if lack is None},
        {name: lack for name, lack in lacking.items() if lack is not None},
    )


def missing_operation(scenario: Scenario, profile: CostProfile) -> tuple[str, str] | None:
    """The first design that needs an operation which the profile has not, and that operation; None when it has all."""
    for name, design in scenario.designs.items():
        for operation in sorted(needed_operations(scenario, design)):
            if profile.row(operation) is None:
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
    whole = [scenario, *others.scenarios.values()]
    for one in whole:
        check_budget(one)
    jobs = [
        (number, job)
        for number, one in enumerate(whole)
        for job in jobs_of(one, tuple(one.designs), None if number else records, stopwatch)
    ]
    done = run_jobs([job for _, job in jobs], workers, progress)
    pairs = zip((number for number, _ in jobs), done, strict=True)
    grouped = [[replication for _, replication in own] for _, own in groupby(pairs, key=lambda pair: pair[0])]
    own, *rest = (
        Comparison(one, as_frame(replications), {r.design: r.forms for r in replications})
        for one, replications in zip(whole, grouped, strict=True)
    )
    return own, dict(zip(others.scenarios, rest, strict=True))
