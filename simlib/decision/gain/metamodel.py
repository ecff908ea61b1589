"""How the figures of each design follow the inputs of the simulation: few short runs, and polynomials through them.

All designs are run at the same points, drawn as a Latin hypercube over the logarithms of the ranges (McKay, Beckman,
Conover, Technometrics 21, 1979). At each point they meet the same luck, and at each point another one, so that what a
surface misses in runs left out holds the luck of a run as well.

Response surfaces: polynomials of low order fitted to runs, with the error that they make in runs left out.

Inputs enter as logarithms scaled to [-1, 1], figures as logarithms where all are positive: what is a product of powers,
such as CPU time and a factor on it, is then linear. Source: Box and Draper, Empirical Model-Building and Response
Surfaces, 1987.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simlib.analysis.gain_figures import compute_gain_figures
from simlib.decision.arrays import Values
from simlib.decision.gain.loads import compute_load, select_design
from simlib.decision.gain.metamodel_inputs import LIFETIME, LOAD, TTL, Range, apply_inputs, list_input_ranges
from simlib.decision.gain.pilot_runs import SHORTEST, PilotRun, find_fill_time_s
from simlib.decision.gain.structure import compute_expected_exposure_s
from simlib.decision.gain.values import Surface
from simlib.experiment.replicate import Job, Replication, run_jobs
from simlib.experiment.workers import Progress
from simlib.scenario.errors import InputError
from simlib.scenario.scenario import Scenario

Terms = tuple[tuple[int, ...], ...]
SPARE = 2
"""Runs that must be left beyond the coefficients of a polynomial."""
EXACT = 1e-9
"""Relative: a figure that varies less than this over all runs is constant."""


@dataclass(frozen=True, eq=False)
class Sample:
    """Where runs were made: one row per run, one column per input, all above 0, with the ends of their ranges."""

    inputs: tuple[str, ...]
    low: Values
    middle: Values
    high: Values
    points: Values


def fit_surface(design: str, metric: str, sample: Sample, values: ArrayLike, source: str = "runs") -> Surface:
    """The polynomial that errs least in runs left out: a constant, linear, with squares, or with all products.

    The error of a left-out run is exact without fitting again (PRESS: residual / (1 - leverage)). Runs where the
    figure is undefined (NaN) do not count. Raises ValueError when there are none.
    """
    observed = np.asarray(values, dtype=np.float64)
    known = np.isfinite(observed)
    if not known.any():
        raise ValueError(f"{metric} of {design} is undefined in every run")
    observed, scaled = observed[known], _scaled(sample.points[known], sample.low, sample.high)
    logarithmic = bool((observed > 0).all())
    fits = [fit for terms in _orders(len(sample.inputs)) if (fit := _fit(terms, scaled, observed, logarithmic))]
    terms, coefficients, left_out = min(fits, key=lambda fit: float(np.square(fit[2]).sum()))
    total = float(np.square(observed - observed.mean()).sum())
    error = float(np.sqrt(np.square(left_out).mean()))
    constant = total <= (EXACT * max(abs(float(observed.mean())), EXACT)) ** 2 * len(observed)
    explained = 1.0 if constant else max(0.0, 1.0 - float(np.square(left_out).sum()) / total)
    return Surface(
        design=design,
        metric=metric,
        inputs=sample.inputs,
        low=sample.low,
        high=sample.high,
        coefficients=coefficients,
        error=error,
        explained=explained,
        middle=sample.middle,
        terms=terms,
        logarithmic=logarithmic,
        runs=len(observed),
        source=source,
    )


def predict(surface: Surface, inputs: Mapping[str, ArrayLike]) -> Values:
    """The figure at given inputs, in its unit; the shape is that of the inputs, broadcast.

    An input that is not named is as in the scenario. Beyond its range one counts as the end of the range. Raises
    ValueError for an input that the surface does not know.
    """
    unknown = sorted(set(inputs) - set(surface.inputs))
    if unknown:
        raise ValueError(f"no input {unknown[0]!r}; a surface has {', '.join(surface.inputs)}")
    given = [inputs.get(name, own) for name, own in zip(surface.inputs, surface.middle, strict=True)]
    columns = np.broadcast_arrays(*(np.asarray(column, dtype=np.float64) for column in given))
    points = np.clip(np.stack([column.ravel() for column in columns], axis=1), surface.low, surface.high)
    line = _powers(surface.terms, _scaled(points, surface.low, surface.high)) @ surface.coefficients
    return np.reshape(np.exp(line) if surface.logarithmic else line, columns[0].shape)


def _scaled(points: Values, low: Values, high: Values) -> Values:
    span = np.log(high / low)
    return np.asarray(2.0 * np.log(points / low) / np.where(span > 0, span, 1.0) - 1.0)


def _orders(inputs: int) -> Iterator[Terms]:
    """Powers of the inputs of each polynomial, from the simplest on."""
    one = tuple(0 for _ in range(inputs))
    linear = [_with(one, {number: 1}) for number in range(inputs)]
    squares = [_with(one, {number: 2}) for number in range(inputs)]
    products = [_with(one, {a: 1, b: 1}) for a, b in combinations(range(inputs), 2)]
    yield (one,)
    yield (one, *linear)
    yield (one, *linear, *squares)
    yield (one, *linear, *squares, *products)


def _with(powers: tuple[int, ...], changed: Mapping[int, int]) -> tuple[int, ...]:
    return tuple(changed.get(number, power) for number, power in enumerate(powers))


def _powers(terms: Terms, scaled: Values) -> Values:
    columns = [np.prod(scaled ** np.array(powers), axis=1) for powers in terms]
    return np.stack(columns, axis=1)


def _fit(terms: Terms, scaled: Values, observed: Values, logarithmic: bool) -> tuple[Terms, Values, Values] | None:
    """Coefficients, and what each run would be missed by if it were left out; None with too few runs to tell."""
    if len(observed) < len(terms) + SPARE and len(terms) > 1:
        return None
    matrix = _powers(terms, scaled)
    wanted = np.log(observed) if logarithmic else observed
    coefficients, _, rank, _ = np.linalg.lstsq(matrix, wanted)
    if rank < len(terms):
        return None
    leverage = np.square(np.linalg.qr(matrix)[0]).sum(axis=1)
    if len(observed) == 1:
        return terms, np.asarray(coefficients), np.zeros(1)
    if (leverage > 1 - 1e-9).any():
        return None
    missed = (wanted - matrix @ coefficients) / (1.0 - leverage)
    left_out = observed - np.exp(wanted - missed) if logarithmic else missed
    return terms, np.asarray(coefficients), left_out


BUDGET = 28.0
"""CPU seconds of the simulator for all runs, about."""
FEWEST, MOST = 12, 40
"""Points. With the fewest, six inputs are followed along straight lines (over logarithms), no further."""
COUNTED = 1000
"""Requests of each run after its warm-up, while the budget allows."""
FOLLOWED = (
    *("mean_s", "p99_s", "as_cpu_s", "rs_cpu_s", "store_cpu_s", "bytes_per_request", "hit_ratio"),
    *("as_requests_per_s", "store_s", "rows_written_per_s"),
)
"""Figures of runs that get a surface; with ``stored_bytes`` and, by its closed form, ``exposure_s``."""
STORED, EXPOSURE = "stored_bytes", "exposure_s"


@dataclass(frozen=True, eq=False)
class SurfacePlan:
    """Where the runs are made: the sample, the scenarios at its points, and requests counted in each run."""

    sample: Sample
    scenarios: tuple[Scenario, ...]
    counted: int


def fit_response_surfaces(
    scenario: Scenario,
    probes: Mapping[str, PilotRun],
    *,
    workers: int = 1,
    progress: Progress | None = None,
    budget: float = BUDGET,
) -> Mapping[str, Mapping[str, Surface]]:
    """Design -> figure -> surface, from runs that take about ``budget`` CPU seconds in all."""
    plan = plan_surfaces(scenario, probes, budget)
    jobs = [_job(plan, number, design) for number in range(len(plan.scenarios)) for design in scenario.designs]
    done = run_jobs(jobs, workers, progress)
    by_design = {name: [run for run in done if run.design == name] for name in scenario.designs}
    return MappingProxyType(
        {
            name: MappingProxyType({own.metric: own for own in _surfaces(plan, name, runs, probes[name])})
            for name, runs in by_design.items()
        }
    )


def plan_surfaces(scenario: Scenario, probes: Mapping[str, PilotRun], budget: float) -> SurfacePlan:
    """As many points as the budget pays for, within bounds; below the fewest points, fewer requests at each."""
    ranges = list_input_ranges(scenario, probes)
    fixed, each = _expected(scenario, probes, ranges)
    points = int(np.clip(budget / (fixed + each * COUNTED), FEWEST, MOST))
    counted = int(np.clip((budget / points - fixed) / each, SHORTEST, COUNTED))
    sample = _sample(ranges, points, scenario.run.seed)
    made = [_possible(scenario, sample, row) for row in sample.points]
    kept = [number for number, own in enumerate(made) if own is not None]
    return SurfacePlan(
        Sample(sample.inputs, sample.low, sample.middle, sample.high, sample.points[kept]),
        tuple(own for own in made if own is not None),
        counted,
    )


def _sample(ranges: Sequence[Range], points: int, seed: int) -> Sample:
    from scipy.stats.qmc import LatinHypercube  # here, for it is slow to load

    low, middle, high = (np.array([getattr(own, name) for own in ranges]) for name in ("low", "middle", "high"))
    uniform = LatinHypercube(len(ranges), rng=seed).random(points - 1)
    drawn = np.exp(np.log(low) + uniform * np.log(high / low))
    return Sample(tuple(own.name for own in ranges), low, middle, high, np.vstack([middle, drawn]))


def _possible(scenario: Scenario, sample: Sample, row: NDArray[np.float64]) -> Scenario | None:
    """The scenario at a point, None where some design cannot be: a token that is renewed before it is issued."""
    try:
        return apply_inputs(scenario, dict(zip(sample.inputs, row.tolist(), strict=True)))
    except InputError:
        return None


def _expected(scenario: Scenario, probes: Mapping[str, PilotRun], ranges: Sequence[Range]) -> tuple[float, float]:
    """CPU seconds of one point, without the requests that count, and for each of these."""
    known = {own.name: own for own in ranges}
    load = _mean(known[LOAD]) if LOAD in known else compute_load(scenario)
    factor = _mean(known[TTL]) if TTL in known else 1.0
    warm_up = {name: load * _warm_up(scenario, name, factor) for name in probes}
    fixed = sum(probe.set_up_s + probe.work_s * warm_up[name] for name, probe in probes.items())
    return fixed, sum(probe.work_s for probe in probes.values())


def _mean(own: Range) -> float:
    """Of what is even over the logarithm."""
    span = np.log(own.high / own.low)
    return float((own.high - own.low) / span) if span > 0 else own.middle


def _warm_up(scenario: Scenario, design: str, factor: float = 1.0) -> float:
    """Until what begins empty has filled; where clients sign in, until the crowd of the beginning has."""
    signing_in = scenario.run.warm_up_s if scenario.world.clients else 0.0
    return max(find_fill_time_s(scenario.design(design)) * factor, signing_in)


def _job(plan: SurfacePlan, number: int, design: str) -> Job:
    scenario = select_design(plan.scenarios[number], design)
    warm_up = _warm_up(scenario, design)
    length = warm_up + plan.counted / compute_load(scenario)
    changes = {"length_s": length, "warm_up_s": warm_up, "replications": 1, "caches": "stationary"}
    return Job(scenario.with_run(scenario.run.model_copy(update=changes)), design, number, figures=compute_gain_figures)


def _surfaces(plan: SurfacePlan, design: str, runs: Sequence[Replication], probe: PilotRun) -> Iterator[Surface]:
    for name in FOLLOWED:
        values = np.array([run.figures[name] for run in runs])
        if np.isfinite(values).any():
            yield fit_surface(design, name, plan.sample, values)
    lives = plan.sample.points[:, plan.sample.inputs.index(LIFETIME)]
    rows = np.array([run.figures["rows_written_per_s"] for run in runs])
    yield fit_surface(design, STORED, plan.sample, rows * probe.row.life_s * lives * probe.row.size)
    expected = [compute_expected_exposure_s(one, one.design(design)) for one in plan.scenarios]
    yield fit_surface(design, EXPOSURE, plan.sample, expected, source="closed form")
