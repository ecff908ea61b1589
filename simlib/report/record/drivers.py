"""Drivers of a decision: the inputs whose uncertainty moves the net present value most, in words."""

from typing import NamedTuple

from simlib.decision.choice.results import Decision, Index, Sensitivity, Swing
from simlib.report.record.formatting import format_chance, format_number
from simlib.report.record.inputs import describe_input
from simlib.report.record.outcome import find_currency

_SMALLEST_SHARE = 0.01
"""Smallest share of the variance that is listed."""


class Driver(NamedTuple):
    """One input: its range, the net present value at both ends, and its Sobol indices, if any."""

    swing: Swing
    sobol: Index | None

    @property
    def width(self) -> float:
        """Distance by which it moves the net present value."""
        return abs(self.swing.npv_high - self.swing.npv_low)

    @property
    def flips(self) -> bool:
        """Whether the sign of the net present value depends on it."""
        return min(self.swing.npv_low, self.swing.npv_high) < 0 < max(self.swing.npv_low, self.swing.npv_high)


def rank_drivers(sensitivity: Sensitivity) -> list[Driver]:
    """Drivers by the distance they move the net present value, the widest first."""
    indices = {index.input: index for index in sensitivity.sobol}
    drivers = [Driver(swing, indices.get(swing.input)) for swing in sensitivity.tornado]
    return sorted(drivers, key=lambda driver: (-driver.width, driver.swing.input))


def describe_driver(driver: Driver, unit: str) -> str:
    """One input in words."""
    swing = driver.swing
    range_text = f"{format_number(swing.low)} to {format_number(swing.high)} {swing.unit}".rstrip()
    share = f", {driver.sobol.total * 100:.0f} % of the variance" if driver.sobol is not None else ""
    flips = ", and the sign with it" if driver.flips else ""
    name = describe_input(swing.input, range_text)
    return (
        f"{name} moves it from {format_number(swing.npv_low)} to {format_number(swing.npv_high)} {unit}{share}{flips}"
    )


def choose_sensitivity(decision: Decision) -> Sensitivity | None:
    """Sensitivity analysis of the chosen design, else of the best one that has one, else the first.

    Against a design that keeps the limits, where there is one.
    """
    designs = [decision.chosen, *(ranked.design for ranked in decision.ranking)]
    out = {ranked.design for ranked in decision.ranking if not ranked.place}
    reversed_order = decision.sensitivity[::-1]
    analysed = sorted(reversed_order, key=lambda sensitivity: sensitivity.against in out)
    for design in designs:
        for sensitivity in analysed:
            if sensitivity.design == design:
                return sensitivity
    return decision.sensitivity[0] if decision.sensitivity else None


def describe_main_drivers(decision: Decision, most: int = 3) -> tuple[str, ...]:
    """The inputs that matter most to the choice; none without a sensitivity analysis."""
    sensitivity = choose_sensitivity(decision)
    if sensitivity is None:
        return ()
    unit = find_currency(decision)
    return tuple(describe_driver(driver, unit) for driver in rank_drivers(sensitivity)[:most])


def describe_shares(sensitivity: Sensitivity) -> tuple[str, ...]:
    """Shares of groups of inputs in the variance, in one sentence; none without indices."""
    shares = [
        f"{describe_input(index.input)} {index.total * 100:.0f} %"
        for index in sensitivity.sobol
        if index.total >= _SMALLEST_SHARE
    ]
    if not shares:
        return ()
    head = "Of the variance, with all they interact with (total Sobol indices, which may add up to more than 100 %)"
    return (f"{head}: {', '.join(shares)}.",)


def describe_unexplained(sensitivity: Sensitivity) -> str:
    """Share of the variance that the fitted surfaces do not explain, in words."""
    return f"{format_chance(sensitivity.unexplained)} of the variance is not explained by the inputs"


def name_net_present_value(sensitivity: Sensitivity) -> str:
    """Name of the net present value that was analysed."""
    return f"the net present value of {sensitivity.design} against {sensitivity.against}"


_MOST_DRIVERS = 8


class DriverSummary(NamedTuple):
    """Name of the net present value, and a sentence per input, the widest first."""

    subject: str
    sentences: tuple[str, ...]


def summarise_drivers(decision: Decision) -> DriverSummary | None:
    """Drivers of the pair that matters to the choice; None without a sensitivity analysis."""
    sensitivity = choose_sensitivity(decision)
    if sensitivity is None:
        return None
    subject, unit = name_net_present_value(sensitivity), find_currency(decision)
    sentences = (f"{describe_driver(driver, unit)}." for driver in rank_drivers(sensitivity)[:_MOST_DRIVERS])
    return DriverSummary(
        subject[0].upper() + subject[1:],
        (*sentences, *describe_shares(sensitivity), f"{describe_unexplained(sensitivity)}."),
    )
