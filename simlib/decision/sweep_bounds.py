"""Bounds of a design at one point of a sweep, where settings on which they depend may be other ones."""

from collections.abc import Mapping

from simlib.decision.promises import compute_promises
from simlib.experiment.sweep import change_scenario
from simlib.experiment.sweep_plan import SweepPlan
from simlib.experiment.variation import Point


def compute_point_bounds(plan: SweepPlan, point: Point) -> Mapping[str, float]:
    """Design -> seconds for which it may accept a revoked token at one point, which no exposure exceeds."""
    promises = compute_promises(change_scenario(plan.scenario, point))
    return {design: bounds.after_revocation_s for design, bounds in promises.items()}
