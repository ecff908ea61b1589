"""What drives a decision: every pair's tornado and Sobol indices, from the same evaluations of the same model."""

import math
from collections.abc import Iterator

import numpy as np

from simlib.decision.arrays import Values
from simlib.decision.choice.cost_model import Model
from simlib.decision.choice.results import Sensitivity
from simlib.decision.choice.sobol import available, sobol_indices, sobol_sample
from simlib.decision.choice.tornado import one_at_a_time, swings
from simlib.decision.choice.total_cost import Accounts
from simlib.decision.gain.metamodel import predict

NO_SALIB = "Sobol indices were left out: SALib is not installed (pip install 'simlib[sensitivity]')."
NO_SURFACES = (
    "What drives the decision holds prices and effort only: how figures follow load, round trip and times to live was "
    "not simulated."
)


def sensitivities(
    model: Model, rivals: tuple[str, ...], seed: int, samples: int, level: float
) -> tuple[tuple[Sensitivity, ...], tuple[str, ...]]:
    """Every design against each rival, and sentences about what could not be done."""
    sample = one_at_a_time(model.factors)
    single = model.totals(sample)
    many = model.totals(sobol_sample(model.factors, samples, seed)) if available() else None
    middle, _ = model.accounts(sample[:1])
    missed = {design: _missed(middle, design) for design in model.case.designs}
    found = []
    for rival in rivals:
        for design in (name for name in model.case.designs if name != rival):
            npv = single[rival] - single[design]
            varied = None if many is None else many[rival] - many[design]
            indices = () if varied is None else sobol_indices(model.factors, varied, level, seed)
            unexplained = _share(missed[design] + missed[rival], varied)
            found.append(Sensitivity(design, rival, swings(model, npv), indices, unexplained, float(npv[0])))
    return tuple(found), tuple(_silences(model, many is None))


def _missed(accounts: Accounts, design: str) -> float:
    """Variance of a total cost from what the response surfaces miss, every input at its median."""
    facts = accounts.case.facts[design]
    total = 0.0
    for _, amount, follows in accounts.bills[design].lines:
        surface = facts.surfaces.get(follows.name)
        here = 0.0 if surface is None else float(predict(surface, {}))
        if surface is not None and here > 0:
            total += (float((accounts.annuity * amount).mean()) * surface.error / here) ** 2
    return total


def _share(missed: float, varied: Values | None) -> float:
    """Of the whole variance; NaN where that is not known."""
    if varied is None:
        return math.nan
    whole = missed + float(np.var(varied))
    return missed / whole if whole > 0 else 0.0


def _silences(model: Model, no_indices: bool) -> Iterator[str]:
    if no_indices:
        yield NO_SALIB
    if not any(facts.surfaces for facts in model.case.facts.values()):
        yield NO_SURFACES
