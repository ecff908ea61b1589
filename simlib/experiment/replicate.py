"""Replications: one row of figures per run, the unit of all statistics."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from simlib.analysis.summary import summarise
from simlib.engine.simulate import simulate
from simlib.experiment.workers import deaf_to_interrupts
from simlib.scenario.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd

Progress = Callable[[int, int], None]
"""Told how many runs of how many are done."""


class Replication(NamedTuple):
    """The figures of one replication of one design, and the form its stations had."""

    design: str
    replication: int
    figures: dict[str, float]
    forms: dict[str, str]


@dataclass(frozen=True)
class Plan:
    """Which runs to do: every replication of some designs of a scenario."""

    scenario: Scenario
    designs: tuple[str, ...]

    def runs(self) -> list[tuple[str, int]]:
        """Design and replication of each run; the designs in turn, so that an early stop leaves pairs."""
        return [(design, number) for number in range(self.scenario.run.replications) for design in self.designs]


def run_plan(plan: Plan, workers: int = 1, progress: Progress | None = None) -> list[Replication]:
    """Do all runs of a plan, in order; the result does not depend on ``workers`` (processes)."""
    runs = plan.runs()
    done: list[Replication] = []
    for replication in _results(plan.scenario, runs, workers):
        done.append(replication)
        if progress is not None:
            progress(len(done), len(runs))
    return done


def _results(scenario: Scenario, runs: list[tuple[str, int]], workers: int) -> Iterator[Replication]:
    if workers <= 1:
        return (one_run(scenario, design, number) for design, number in runs)
    from joblib import Parallel, delayed

    pool = Parallel(n_jobs=workers, return_as="generator", batch_size=1)
    with deaf_to_interrupts():
        results: Iterator[Replication] = pool(delayed(one_run)(scenario, design, number) for design, number in runs)
    return results


def one_run(scenario: Scenario, design: str, replication: int) -> Replication:
    """Simulate and summarise one replication; the records are let go."""
    records = simulate(scenario, design, replication)
    return Replication(design, replication, summarise(records, scenario.run.warm_up_s), dict(records.forms))


def as_frame(replications: list[Replication]) -> "pd.DataFrame":
    """One row per replication: design, replication, then the figures of `simlib.analysis.summarise`."""
    import pandas as pd

    return pd.DataFrame([{"design": r.design, "replication": r.replication, **r.figures} for r in replications])


def replicate(scenario: Scenario, design: str, *, workers: int = 1, progress: Progress | None = None) -> "pd.DataFrame":
    """All replications of one design, one row each.

    Raises InputError for an unknown design or a run beyond its memory budget.
    """
    scenario.design(design)
    return as_frame(run_plan(Plan(scenario, (design,)), workers, progress))
