"""Sensitivity analysis of a decision: tornado diagrams, one input at a time, and Sobol indices of every pair of
designs.

Both come from evaluations of the same cost model. Sobol indices are those of SALib: Saltelli et al., "Variance based
sensitivity analysis of model output", Computer Physics Communications 181 (2010).
"""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from simlib.analysis.columns import Floats
from simlib.decision.choice.cost_model import SIMULATION, CostModel, Factor
from simlib.decision.choice.results import Index, Sensitivity, Swing
from simlib.decision.choice.total_cost import Accounts
from simlib.decision.gain.metamodel import predict
from simlib.scenario.errors import is_installed

NO_SALIB = "Sobol indices were left out: SALib is not installed (pip install 'simlib[sensitivity]')."
NO_SURFACES = (
    "What drives the decision holds prices and effort only: how figures follow load, round trip and times to live was "
    "not simulated."
)
LOW, MIDDLE, HIGH = 0.05, 0.5, 0.95
"""Quantiles of a tornado: each input in nine of ten cases, the others in the middle."""


def compute_sensitivities(
    model: CostModel, references: tuple[str, ...], seed: int, samples: int, level: float
) -> tuple[tuple[Sensitivity, ...], tuple[str, ...]]:
    """Sensitivity of every design against each reference, and sentences about what was left out."""
    sample = sample_one_at_a_time(model.factors)
    single = model.compute_totals(sample)
    many = model.compute_totals(draw_sobol_sample(model.factors, samples, seed)) if is_salib_installed() else None
    middle, _ = model.build_accounts(sample[:1])
    unexplained = {design: _compute_unexplained(middle, design) for design in model.case.designs}
    sensitivities = []
    for reference in references:
        for design in (name for name in model.case.designs if name != reference):
            npv = single[reference] - single[design]
            varied = None if many is None else many[reference] - many[design]
            indices = () if varied is None else compute_sobol_indices(model.factors, varied, level, seed)
            share = _compute_share(unexplained[design] + unexplained[reference], varied)
            swings = compute_swings(model, npv)
            sensitivities.append(Sensitivity(design, reference, swings, indices, share, float(npv[0])))
    return tuple(sensitivities), tuple(_list_omissions(model, many is None))


def sample_one_at_a_time(factors: tuple[Factor, ...]) -> Floats:
    """Sample with all factors in the middle in its first row, then each factor low, then each high."""
    count = len(factors)
    sample = np.full((2 * count + 1, count), MIDDLE)
    diagonal = np.arange(count)
    sample[1 + diagonal, diagonal] = LOW
    sample[1 + count + diagonal, diagonal] = HIGH
    return sample


def compute_swings(model: CostModel, npv: Floats) -> tuple[Swing, ...]:
    """Bars of a pair's tornado from its values at `sample_one_at_a_time`, widest first, without those of width 0.

    Single replications are no inputs that a reader could change; Sobol indices and intervals hold their uncertainty.
    """
    count = len(model.factors)
    swings = []
    for number, factor in enumerate(model.factors):
        low, high = float(npv[1 + number]), float(npv[1 + count + number])
        if factor.group != SIMULATION and low != high:
            ends = factor.quantiles(np.array([LOW, HIGH]))
            swings.append(Swing(factor.label, float(ends[0]), float(ends[1]), low, high, factor.unit))
    return tuple(sorted(swings, key=lambda swing: (-abs(swing.npv_high - swing.npv_low), swing.input)))


def _compute_unexplained(accounts: Accounts, design: str) -> float:
    """Variance of a total cost that response surfaces do not explain, every input at its median."""
    design_case = accounts.case.design_cases[design]
    total = 0.0
    for _, amount, driver in accounts.costs[design].items:
        surface = design_case.surfaces.get(driver.name)
        figure = 0.0 if surface is None else float(predict(surface, {}))
        if surface is not None and figure > 0:
            total += (float((accounts.annuity * amount).mean()) * surface.error / figure) ** 2
    return total


def _compute_share(unexplained: float, varied: Floats | None) -> float:
    """Unexplained share of the whole variance; NaN where that is unknown."""
    if varied is None:
        return math.nan
    whole = unexplained + float(np.var(varied))
    return unexplained / whole if whole > 0 else 0.0


def _list_omissions(model: CostModel, no_indices: bool) -> Iterator[str]:
    if no_indices:
        yield NO_SALIB
    if not any(design_case.surfaces for design_case in model.case.design_cases.values()):
        yield NO_SURFACES


RESAMPLES = 100
"""Bootstrap samples behind the half widths."""


def is_salib_installed() -> bool:
    """Whether SALib is installed (the extra ``sensitivity``)."""
    return is_installed("SALib")


def draw_sobol_sample(factors: tuple[Factor, ...], samples: int, seed: int) -> Floats:
    """Sample with a row per evaluation and a column of uniforms per factor; factors of a group are sampled together."""
    from SALib.sample import sobol

    sample = sobol.sample(_build_problem(factors), samples, calc_second_order=False, seed=seed)
    return np.asarray(sample, dtype=np.float64)


def compute_sobol_indices(factors: tuple[Factor, ...], values: Floats, level: float, seed: int) -> tuple[Index, ...]:
    """First-order and total index of each group, largest total first; empty when the values are constant."""
    from SALib.analyze import sobol

    if not float(np.ptp(values)) > 0:
        return ()
    problem = _build_problem(factors)
    result = sobol.analyze(
        problem, values, calc_second_order=False, num_resamples=RESAMPLES, conf_level=level, seed=seed
    )
    columns = (result["S1"], result["S1_conf"], result["ST"], result["ST_conf"])
    groups = list(dict.fromkeys(problem["groups"]))
    indices = [Index(name, *(float(c[number]) for c in columns)) for number, name in enumerate(groups)]
    return tuple(sorted(indices, key=lambda index: (-index.total, index.input)))


def _build_problem(factors: tuple[Factor, ...]) -> dict[str, Any]:
    return {
        "num_vars": len(factors),
        "names": [factor.name for factor in factors],
        "groups": [factor.group for factor in factors],
        "bounds": [[0.0, 1.0]] * len(factors),
    }
