"""Surface runs: short runs of all designs at common points, through which response surfaces are fitted.

The points are drawn as a Latin hypercube over the logarithms of the ranges (McKay, Beckman, Conover, Technometrics 21,
1979). At a point all designs have common random numbers, and at each point other ones, so that the error of a surface
in runs left out includes the randomness of a run.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from simlib.analysis.gain_figures import compute_gain_figures
from simlib.decision.gain.kept_rows import COLUMNS, compute_renewals, control_rows
from simlib.decision.gain.loads import compute_load, select_design
from simlib.decision.gain.metamodel import Sample, fit_surface
from simlib.decision.gain.metamodel_inputs import LIFETIME, LOAD, TTL, Range, apply_inputs, list_input_ranges
from simlib.decision.gain.pilot_runs import PilotRun
from simlib.decision.gain.run_lengths import SHORTEST, find_fill_time_s
from simlib.decision.gain.structure import compute_expected_exposure_s
from simlib.decision.gain.values import Surface
from simlib.experiment.jobs import Job, Replication
from simlib.experiment.replicate import run_jobs
from simlib.experiment.workers import Progress
from simlib.scenario.errors import InputError
from simlib.scenario.scenario import Scenario

BUDGET = 28.0
"""Approximate CPU seconds of the simulator for all runs."""
FEWEST, MOST = 12, 40
"""Numbers of points. The fewest allow linear polynomials of six inputs (over logarithms)."""
COUNTED = 1000
"""Requests of each run after its warm-up, while the budget allows."""
FITTED = (
    *("mean_s", "p99_s", "as_cpu_s", "rs_cpu_s", "store_cpu_s", "bytes_per_request", "hit_ratio"),
    *("as_requests_per_s", "store_s", "rows_written_per_s"),
)
"""Figures of runs that get a surface; with ``stored_bytes`` and, by its closed form, ``exposure_s``."""
STORED, EXPOSURE = "stored_bytes", "exposure_s"


@dataclass(frozen=True, eq=False)
class SurfacePlan:
    """Plan of the runs: the sample, the scenarios at its points, and the requests counted in each run."""

    sample: Sample
    scenarios: tuple[Scenario, ...]
    counted: int


def fit_response_surfaces(
    scenario: Scenario,
    pilots: Mapping[str, PilotRun],
    *,
    workers: int = 1,
    progress: Progress | None = None,
    budget: float = BUDGET,
) -> Mapping[str, Mapping[str, Surface]]:
    """Design -> figure -> surface, from runs that take about ``budget`` CPU seconds in all."""
    plan = plan_surfaces(scenario, pilots, budget)
    jobs = [_build_job(plan, number, design) for number in range(len(plan.scenarios)) for design in scenario.designs]
    done = run_jobs(jobs, workers, progress)
    by_design = {name: [run for run in done if run.design == name] for name in scenario.designs}
    return MappingProxyType(
        {
            name: MappingProxyType({own.metric: own for own in _fit_surfaces(plan, name, runs, pilots[name])})
            for name, runs in by_design.items()
        }
    )


def plan_surfaces(scenario: Scenario, pilots: Mapping[str, PilotRun], budget: float) -> SurfacePlan:
    """Plan with the number of points that the budget allows, within bounds; at the fewest, with fewer requests each."""
    ranges = list_input_ranges(scenario, pilots)
    fixed, each = _estimate_cost(scenario, pilots, ranges)
    points = int(np.clip(budget / (fixed + each * COUNTED), FEWEST, MOST))
    counted = int(np.clip((budget / points - fixed) / each, SHORTEST, COUNTED))
    sample = _draw_sample(ranges, points, scenario.run.seed)
    scenarios = [_build_scenario(scenario, sample, row) for row in sample.points]
    kept = [number for number, own in enumerate(scenarios) if own is not None]
    return SurfacePlan(
        Sample(sample.inputs, sample.low, sample.middle, sample.high, sample.points[kept]),
        tuple(own for own in scenarios if own is not None),
        counted,
    )


def _draw_sample(ranges: Sequence[Range], points: int, seed: int) -> Sample:
    from scipy.stats.qmc import LatinHypercube  # slow to import

    low, middle, high = (np.array([getattr(own, name) for own in ranges]) for name in ("low", "middle", "high"))
    uniform = LatinHypercube(len(ranges), rng=seed).random(points - 1)
    drawn = np.exp(np.log(low) + uniform * np.log(high / low))
    return Sample(tuple(own.name for own in ranges), low, middle, high, np.vstack([middle, drawn]))


def _build_scenario(scenario: Scenario, sample: Sample, row: NDArray[np.float64]) -> Scenario | None:
    """Scenario at a point, None where a design is invalid there: a token that is renewed before it is issued."""
    try:
        return apply_inputs(scenario, dict(zip(sample.inputs, row.tolist(), strict=True)))
    except InputError:
        return None


def _estimate_cost(scenario: Scenario, pilots: Mapping[str, PilotRun], ranges: Sequence[Range]) -> tuple[float, float]:
    """CPU seconds of one point without the counted requests, and those of each counted request."""
    ranges_by_name = {own.name: own for own in ranges}
    load = _compute_mean(ranges_by_name[LOAD]) if LOAD in ranges_by_name else compute_load(scenario)
    factor = _compute_mean(ranges_by_name[TTL]) if TTL in ranges_by_name else 1.0
    warm_up = {name: load * _compute_warm_up(scenario, name, factor) for name in pilots}
    fixed = sum(pilot.set_up_s + pilot.work_s * warm_up[name] for name, pilot in pilots.items())
    return fixed, sum(pilot.work_s for pilot in pilots.values())


def _compute_mean(own: Range) -> float:
    """Mean of a variable that is uniform over the logarithm of its range."""
    span = np.log(own.high / own.low)
    return float((own.high - own.low) / span) if span > 0 else own.middle


def _compute_warm_up(scenario: Scenario, design: str, factor: float = 1.0) -> float:
    """Seconds until caches that begin empty are full; where clients sign in, at least the scenario's own warm-up."""
    signing_in = scenario.run.warm_up_s if scenario.world.clients else 0.0
    return max(find_fill_time_s(scenario.run, scenario.design(design)) * factor, signing_in)


def _build_job(plan: SurfacePlan, number: int, design: str) -> Job:
    scenario = select_design(plan.scenarios[number], design)
    warm_up = _compute_warm_up(scenario, design)
    length = warm_up + plan.counted / compute_load(scenario)
    changes = {"length_s": length, "warm_up_s": warm_up, "replications": 1}
    return Job(scenario.with_run(scenario.run.model_copy(update=changes)), design, number, figures=compute_gain_figures)


def _fit_surfaces(plan: SurfacePlan, design: str, runs: Sequence[Replication], pilot: PilotRun) -> Iterator[Surface]:
    for name in FITTED:
        values = np.array([run.figures[name] for run in runs])
        if np.isfinite(values).any():
            yield fit_surface(design, name, plan.sample, values)
    lives = plan.sample.points[:, plan.sample.inputs.index(LIFETIME)]
    columns = {key: np.array([run.figures[key] for run in runs]) for key in COLUMNS}
    renewals = [compute_renewals(one, design) for one in plan.scenarios]
    rows = control_rows(columns, renewals, pilot.rows_per_token)
    yield fit_surface(design, STORED, plan.sample, rows * pilot.row.life_s * lives * pilot.row.size)
    expected = [compute_expected_exposure_s(one, one.design(design)) for one in plan.scenarios]
    yield fit_surface(design, EXPOSURE, plan.sample, expected, source="closed form")
