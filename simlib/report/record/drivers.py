"""What drives a decision: the inputs whose uncertainty moves the net present value most.

What drives a decision, for a record and a page.
"""

from typing import NamedTuple

from simlib.decision.choice.results import Decision, Index, Sensitivity, Swing
from simlib.report.input_names import told_input
from simlib.report.record.formatting import chance, number
from simlib.report.record.outcome import currency

_LEAST = 0.01
"""The smallest share of the variance that is told."""


class Driver(NamedTuple):
    """One input: from where to where it was moved, what that does, and its Sobol indices where there are any."""

    swing: Swing
    sobol: Index | None

    @property
    def width(self) -> float:
        """How far it moves the net present value."""
        return abs(self.swing.npv_high - self.swing.npv_low)

    @property
    def flips(self) -> bool:
        """Whether the sign of the net present value depends on it."""
        return min(self.swing.npv_low, self.swing.npv_high) < 0 < max(self.swing.npv_low, self.swing.npv_high)


def drivers(sensitivity: Sensitivity) -> list[Driver]:
    """Widest first."""
    indices = {own.input: own for own in sensitivity.sobol}
    found = [Driver(swing, indices.get(swing.input)) for swing in sensitivity.tornado]
    return sorted(found, key=lambda own: (-own.width, own.swing.input))


def told_driver(driver: Driver, unit: str) -> str:
    """One input in words."""
    own = driver.swing
    moved = f"{number(own.low)} to {number(own.high)} {own.unit}".rstrip()
    share = f", {driver.sobol.total * 100:.0f} % of the variance" if driver.sobol is not None else ""
    flips = ", and the sign with it" if driver.flips else ""
    name = told_input(own.input, moved)
    return f"{name} moves it from {number(own.npv_low)} to {number(own.npv_high)} {unit}{share}{flips}"


def main_sensitivity(decision: Decision) -> Sensitivity | None:
    """The one that matters to the choice: of the chosen design, else of the best of the others, else the first."""
    wanted = [decision.chosen, *(own.design for own in decision.ranking)]
    for design in wanted:
        for own in reversed(decision.sensitivity):
            if own.design == design:
                return own
    return decision.sensitivity[0] if decision.sensitivity else None


def driver_sentences(decision: Decision, most: int = 3) -> tuple[str, ...]:
    """The inputs that matter most to the choice; none when it was not asked."""
    own = main_sensitivity(decision)
    if own is None:
        return ()
    unit = currency(decision)
    return tuple(told_driver(driver, unit) for driver in drivers(own)[:most])


def shares(sensitivity: Sensitivity) -> tuple[str, ...]:
    """Which groups of inputs the variance comes from, work items by kind, in one sentence; none without indices."""
    told = [f"{told_input(own.input)} {own.total * 100:.0f} %" for own in sensitivity.sobol if own.total >= _LEAST]
    if not told:
        return ()
    head = "Of the variance, with all they interact with (total Sobol indices, which may add up to more than 100 %)"
    return (f"{head}: {', '.join(told)}.",)


def unexplained(sensitivity: Sensitivity) -> str:
    """How much of the variance the fitted surfaces do not explain."""
    return f"{chance(sensitivity.unexplained)} of the variance is not explained by the inputs"


def told_against(sensitivity: Sensitivity) -> str:
    """Whose net present value it is."""
    return f"the net present value of {sensitivity.design} against {sensitivity.against}"


_MOST = 8


class Driven(NamedTuple):
    """Whose net present value it is, and a sentence per input, the widest first."""

    whose: str
    sentences: tuple[str, ...]


def driven(decision: Decision) -> Driven | None:
    """Of the pair that matters to the choice; None when it was not asked for."""
    own = main_sensitivity(decision)
    if own is None:
        return None
    whose, unit = told_against(own), currency(decision)
    told = (f"{told_driver(driver, unit)}." for driver in drivers(own)[:_MOST])
    return Driven(whose[0].upper() + whose[1:], (*told, *shares(own), f"{unexplained(own)}."))
