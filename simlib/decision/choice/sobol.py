"""Sobol indices by SALib: shares of the variance of a net present value by input.

Saltelli et al., "Variance based sensitivity analysis of model output", Computer Physics Communications 181 (2010).
"""

from importlib.util import find_spec
from typing import Any

import numpy as np

from simlib.decision.arrays import Values
from simlib.decision.choice.cost_model import Factor
from simlib.decision.choice.results import Index

RESAMPLES = 100
"""Bootstrap samples behind the half widths."""


def is_available() -> bool:
    """Whether SALib is installed (the extra ``sensitivity``)."""
    return find_spec("SALib") is not None


def draw_sobol_sample(factors: tuple[Factor, ...], samples: int, seed: int) -> Values:
    """Sample with a row per evaluation and a column of uniforms per factor; factors of a group are sampled together."""
    from SALib.sample import sobol

    sample = sobol.sample(_build_problem(factors), samples, calc_second_order=False, seed=seed)
    return np.asarray(sample, dtype=np.float64)


def compute_sobol_indices(factors: tuple[Factor, ...], values: Values, level: float, seed: int) -> tuple[Index, ...]:
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
