"""What drives a decision: every pair's tornado and Sobol indices, from the same evaluations of the same model."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from simlib.decision.choice.model import Model
from simlib.decision.choice.sobol import available, sobol_indices, sobol_sample
from simlib.decision.choice.tornado import one_at_a_time, swings
from simlib.decision.choice.values import Sensitivity

Values = NDArray[np.float64]
NO_SALIB = "Sobol indices were left out: SALib is not installed (pip install 'simlib[sensitivity]')."
NO_SURFACES = (
    "What drives the decision holds prices and effort only: how figures follow load, round trip and times to live was "
    "not simulated."
)


def sensitivities(
    model: Model, rivals: tuple[str, ...], seed: int, samples: int, level: float
) -> tuple[tuple[Sensitivity, ...], tuple[str, ...]]:
    """Every design against each rival, and sentences about what could not be done."""
    single = model.totals(one_at_a_time(model.factors))
    many = model.totals(sobol_sample(model.factors, samples, seed)) if available() else None
    found = [
        Sensitivity(
            design,
            rival,
            swings(model, single[rival] - single[design]),
            () if many is None else sobol_indices(model.factors, many[rival] - many[design], level, seed),
            0.0,
            float(single[rival][0] - single[design][0]),
        )
        for rival in rivals
        for design in model.case.designs
        if design != rival
    ]
    return tuple(found), tuple(_silences(model, many is None))


def _silences(model: Model, no_indices: bool) -> Iterator[str]:
    if no_indices:
        yield NO_SALIB
    if not any(facts.surfaces for facts in model.case.facts.values()):
        yield NO_SURFACES
