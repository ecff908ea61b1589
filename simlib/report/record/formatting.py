"""Format of numbers in a decision: three significant digits, intervals behind their means, chances in per cent."""

import math

from simlib.decision.choice.results import Spread

MINUS = "\N{MINUS SIGN}"
_DIGITS = 3
UNDEFINED = "\N{EN DASH}"


def format_number(value: float, digits: int = _DIGITS) -> str:
    """A number with this many significant digits and separated thousands; an en dash where it is undefined."""
    if math.isnan(value):
        return UNDEFINED
    if math.isinf(value):
        return "unlimited" if value > 0 else f"{MINUS}unlimited"
    if value == 0:
        return "0"
    decimals = max(digits - 1 - math.floor(math.log10(abs(value))), 0)
    rounded = float(f"{value:.{digits - 1}e}") + 0.0
    text = f"{abs(rounded):,.{min(decimals, 9)}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return f"{MINUS}{text}" if rounded < 0 else text


def count_decimals(spread: Spread) -> int:
    """Decimals that show two significant digits of the interval's half width; more would be noise."""
    half = (spread.high - spread.low) / 2
    if not 0 < half < math.inf:
        return 2 if abs(spread.mean) < 100 else 0
    return min(max(1 - math.floor(math.log10(half)), 0), 6)


def format_decimals(value: float, decimals: int) -> str:
    """A number with this many decimals and separated thousands."""
    if not math.isfinite(value):
        return format_number(value)
    rounded = round(value, decimals) + 0.0
    text = f"{abs(rounded):,.{decimals}f}"
    return f"{MINUS}{text}" if rounded < 0 else text


def format_mean(spread: Spread) -> str:
    """The mean with the digits that its interval makes meaningful."""
    if spread.low == spread.high:
        return format_number(spread.mean)
    return format_decimals(_round_to_interval(spread.mean, spread), count_decimals(spread))


def format_interval(spread: Spread) -> str:
    """The interval without its mean."""
    decimals = count_decimals(spread)
    low, high = (format_decimals(_round_to_interval(value, spread), decimals) for value in (spread.low, spread.high))
    return f"{low} to {high}"


def format_spread(spread: Spread, unit: str = "") -> str:
    """Mean, unit and interval: ``1,200 USD (900 to 1,500)``; a value without an interval stands alone."""
    head = f"{format_mean(spread)} {unit}".rstrip()
    return head if spread.low == spread.high else f"{head} ({format_interval(spread)})"


def format_unsigned(spread: Spread) -> tuple[str, str, str]:
    """Low end, mean and high end without their signs."""
    low, middle, high = (_round_to_interval(abs(value), spread) for value in (spread.low, spread.mean, spread.high))
    decimals = count_decimals(spread)
    return format_decimals(low, decimals), format_decimals(middle, decimals), format_decimals(high, decimals)


def negate(spread: Spread) -> Spread:
    """The spread with the opposite sign: costs as gains."""
    return Spread(-spread.mean, -spread.median, -spread.high, -spread.low)


def format_chance(share: float) -> str:
    """A share of draws in per cent; near 0 and 1 as a bound, for draws cannot show certainty."""
    if math.isnan(share):
        return UNDEFINED
    if share > 0.99:
        return "over 99 %"
    if share < 0.01:
        return "under 1 %"
    return f"{share * 100:.0f} %"


def _round_to_interval(value: float, spread: Spread) -> float:
    """Large numbers without the digits that the half width makes meaningless."""
    half = (spread.high - spread.low) / 2
    if not (0 < half < math.inf and math.isfinite(value)):
        return value
    place = 1 - math.floor(math.log10(half))
    return round(value, place) if place < 0 else value
