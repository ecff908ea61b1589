"""Money, days, loads and chances as a reader sees them: three significant digits, intervals behind their means."""

import math

from simlib.decision.choice.results import Spread

MINUS = "\N{MINUS SIGN}"
_DIGITS = 3
UNDEFINED = "\N{EN DASH}"


def number(value: float, digits: int = _DIGITS) -> str:
    """A number with this many significant digits and thousands separated; an en dash where it is undefined."""
    if math.isnan(value):
        return UNDEFINED
    if math.isinf(value):
        return "unlimited" if value > 0 else f"{MINUS}unlimited"
    if value == 0:
        return "0"
    decimals = max(digits - 1 - math.floor(math.log10(abs(value))), 0)
    rounded = float(f"{value:.{digits - 1}e}") + 0.0
    shown = f"{abs(rounded):,.{min(decimals, 9)}f}"
    if "." in shown:
        shown = shown.rstrip("0").rstrip(".")
    return f"{MINUS}{shown}" if rounded < 0 else shown


def decimals_of(spread: Spread) -> int:
    """Decimals that show two significant digits of the interval's half width; more would be noise."""
    half = (spread.high - spread.low) / 2
    if not 0 < half < math.inf:
        return 2 if abs(spread.mean) < 100 else 0
    return min(max(1 - math.floor(math.log10(half)), 0), 6)


def at(value: float, decimals: int) -> str:
    """A number with this many decimals and thousands separated."""
    if not math.isfinite(value):
        return number(value)
    rounded = round(value, decimals) + 0.0
    shown = f"{abs(rounded):,.{decimals}f}"
    return f"{MINUS}{shown}" if rounded < 0 else shown


def mean(spread: Spread) -> str:
    """The mean, as exact as its interval allows."""
    if spread.low == spread.high:
        return number(spread.mean)
    return at(_rounded(spread.mean, spread), decimals_of(spread))


def interval(spread: Spread) -> str:
    """The interval, its mean left out."""
    decimals = decimals_of(spread)
    low, high = (at(_rounded(value, spread), decimals) for value in (spread.low, spread.high))
    return f"{low} to {high}"


def told(spread: Spread, unit: str = "") -> str:
    """Mean, unit and interval: ``1,200 USD (900 to 1,500)``; a value without an interval stands alone."""
    head = f"{mean(spread)} {unit}".rstrip()
    return head if spread.low == spread.high else f"{head} ({interval(spread)})"


def unsigned(spread: Spread) -> tuple[str, str, str]:
    """Low end, mean and high end without their signs."""
    low, own, high = (_rounded(abs(value), spread) for value in (spread.low, spread.mean, spread.high))
    decimals = decimals_of(spread)
    return at(low, decimals), at(own, decimals), at(high, decimals)


def negated(spread: Spread) -> Spread:
    """The same seen from the other side: costs as gains."""
    return Spread(-spread.mean, -spread.median, -spread.high, -spread.low)


def chance(share: float) -> str:
    """A probability; what draws cannot tell from certainty is not called certain."""
    if math.isnan(share):
        return UNDEFINED
    if share > 0.99:
        return "over 99 %"
    if share < 0.01:
        return "under 1 %"
    return f"{share * 100:.0f} %"


def _rounded(value: float, spread: Spread) -> float:
    """Large numbers without the digits that the half width makes meaningless."""
    half = (spread.high - spread.low) / 2
    if not (0 < half < math.inf and math.isfinite(value)):
        return value
    place = 1 - math.floor(math.log10(half))
    return round(value, place) if place < 0 else value
