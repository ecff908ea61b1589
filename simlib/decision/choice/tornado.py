"""One input at a time: how far each moves a net present value by itself."""

import numpy as np

from simlib.decision.arrays import Values
from simlib.decision.choice.cost_model import SIMULATION, Factor, Model
from simlib.decision.choice.results import Swing

LOW, MIDDLE, HIGH = 0.05, 0.5, 0.95
"""Quantiles: each input in nine of ten cases, the others in the middle."""


def one_at_a_time(factors: tuple[Factor, ...]) -> Values:
    """A sample with all in the middle in its first row, then each input low, then each high."""
    count = len(factors)
    sample = np.full((2 * count + 1, count), MIDDLE)
    own = np.arange(count)
    sample[1 + own, own] = LOW
    sample[1 + count + own, own] = HIGH
    return sample


def swings(model: Model, npv: Values) -> tuple[Swing, ...]:
    """The bars of one pair from its values at `one_at_a_time`, widest first; inputs that move nothing are left out.

    Single replications are no inputs that a reader could change; what they leave uncertain is told by Sobol indices
    and intervals.
    """
    count = len(model.factors)
    found = []
    for number, factor in enumerate(model.factors):
        low, high = float(npv[1 + number]), float(npv[1 + count + number])
        if factor.group != SIMULATION and low != high:
            ends = factor.at(np.array([LOW, HIGH]))
            found.append(Swing(factor.label, float(ends[0]), float(ends[1]), low, high, factor.unit))
    return tuple(sorted(found, key=lambda swing: (-abs(swing.npv_high - swing.npv_low), swing.input)))
