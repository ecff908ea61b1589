"""Variations of a sweep: keys with their values or ranges, and the points of a full grid or of a sample over them.

``KEY=a,b,c`` lists values, ``KEY=100:2000:8`` eight evenly spaced ones, ``KEY=100:2000`` a range for a sample.
"""

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

from simlib.experiment.setting_keys import find_value, list_keys
from simlib.scenario.errors import InputError, format_count

if TYPE_CHECKING:
    from numpy.typing import NDArray

Point = Mapping[str, Any]
"""Key -> value."""

SAMPLES = ("latin", "sobol")
MOST_CELLS = 10_000
"""Cells of a grid that are run without a confirmation."""
MOST_VALUES = 1_000_000
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_RANGE = re.compile(rf"({_NUMBER}):({_NUMBER})(?::(\d+))?")
_FORMS = "write KEY=1,2,5 or KEY=LOW:HIGH:COUNT, such as ttl=5,30 or load=100:2000:8"


class Variation(NamedTuple):
    """A key with its values; those of a range without a number of values are taken by a sample from ``span``.

    ``whole``: only whole numbers are meant. Without values and span the values are to be chosen.
    """

    key: str
    values: tuple[Any, ...] = ()
    span: tuple[float, float] | None = None
    whole: bool = False

    def fit(self, document: Mapping[str, Any]) -> "Variation":
        """The same with numbers like the present one in a scenario's document: those of ranges whole, where it is.

        Raises InputError for a bare name that no design has.
        """
        present = find_value(document, list_keys(document, self.key)[0])
        if type(present) is float:
            return self._replace(values=tuple(float(each) if type(each) is int else each for each in self.values))
        if type(present) is not int or self.span is None:
            return self
        return self._replace(values=tuple(dict.fromkeys(round(each) for each in self.values)), whole=True)


class Sample(NamedTuple):
    """A kind of sample, one of `SAMPLES`, and the number of its points."""

    kind: str
    points: int


def parse_variation(text: str) -> Variation:
    """Read ``KEY=VALUES``; a key alone leaves the values to be chosen. Raises InputError."""
    key, has_values, rest = (piece.strip() for piece in text.partition("="))
    if not key or (has_values and not rest):
        raise InputError(f"--vary {text}: {_FORMS}")
    if not has_values:
        return Variation(key)
    match = _RANGE.fullmatch(rest)
    if match is None:
        values = tuple(_parse_value(piece.strip()) for piece in rest.split(","))
        if any(value == "" for value in values):
            raise InputError(f"--vary {text}: has an empty value; {_FORMS}")
        return Variation(key, tuple({(isinstance(value, bool), value): value for value in values}.values()))
    low, high = float(match[1]), float(match[2])
    if not low < high or not math.isfinite(high - low):
        raise InputError(f"--vary {text}: a range goes from a lower number to a higher one")
    if match[3] is None:
        return Variation(key, span=(low, high))
    return Variation(key, _space_evenly(low, high, int(match[3]), text), (low, high))


def build_variations(document: Mapping[str, Any], vary: Mapping[str, Iterable[Any]]) -> tuple[Variation, ...]:
    """Variations of a mapping of keys to values, or to a text such as "100:2000:8", for a scenario's document.

    Raises InputError for a bare name that no design has, and for a key without values.
    """
    variations = []
    for key, values in vary.items():
        variation = parse_variation(f"{key}={values}") if isinstance(values, str) else Variation(key, tuple(values))
        if not variation.values and variation.span is None:
            raise InputError(f"{key}: has no values to sweep; give at least one")
        variations.append(variation.fit(document) if isinstance(values, str) else variation)
    return tuple(variations)


def _space_evenly(low: float, high: float, count: int, text: str) -> tuple[float, ...]:
    if not 2 <= count <= MOST_VALUES:
        raise InputError(f"--vary {text}: a range has 2 to {MOST_VALUES:,} values")
    step = (high - low) / (count - 1)
    return tuple(float(f"{low + number * step:.12g}") for number in range(count))


def _parse_value(text: str) -> Any:
    """A number, true or false as in JSON; anything else is a text."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, bool | int | float) else text


def parse_sample(text: str) -> Sample:
    """Read ``latin:N`` or ``sobol:N``; raises InputError."""
    kind, _, number = text.partition(":")
    if kind not in SAMPLES or not number.isascii() or not number.isdecimal() or not 1 <= int(number) <= MOST_VALUES:
        raise InputError(f"--sample {text}: write latin:N or sobol:N with N points, such as latin:50")
    count = int(number)
    if kind == "sobol" and count & (count - 1):
        near = 1 << (count.bit_length())
        raise InputError(f"--sample {text}: a Sobol sample has a power of two points, such as {near // 2} or {near}")
    return Sample(kind, count)


def list_points(
    variations: Sequence[Variation], sample: Sample | None = None, seed: int = 0, *, most: int | None = None
) -> tuple[dict[str, Any], ...]:
    """All combinations of the values, the last key's fastest, or a sample over them, equal for equal seeds.

    Raises InputError for a key without values, one given twice, and more points than ``most``.
    """
    _check(variations, sample)
    count = math.prod(len(each.values) for each in variations) if sample is None else sample.points
    if most is not None and count > most:
        raise InputError(
            f"--vary: {format_count(count)} cells are more than {most:,}; take fewer values or --sample latin:N, or "
            "confirm with --yes"
        )
    keys = [each.key for each in variations]
    if sample is None:
        return tuple(dict(zip(keys, chosen, strict=True)) for chosen in product(*(each.values for each in variations)))
    rows = _draw_sample(sample, len(keys), seed)
    return tuple({each.key: _choose(each, float(u)) for each, u in zip(variations, row, strict=True)} for row in rows)


def _check(variations: Sequence[Variation], sample: Sample | None) -> None:
    keys = [each.key for each in variations]
    for each in variations:
        if keys.count(each.key) > 1:
            raise InputError(f"--vary {each.key}: is given twice; put all its values into one")
        if sample is None and each.span is not None and not each.values:
            low, high = each.span
            wanted = f"{each.key}={low:g}:{high:g}"
            raise InputError(f"--vary {wanted}: how many values? Write {wanted}:8, or take --sample latin:N")
        if not each.values and each.span is None:
            raise InputError(f"--vary {each.key}: which values? Write --vary {each.key}=1,2,5")


def _draw_sample(sample: Sample, dimensions: int, seed: int) -> "NDArray[Any]":
    """Uniform numbers in [0, 1), a row per point."""
    from scipy.stats import qmc

    if sample.kind == "sobol":
        return qmc.Sobol(dimensions, rng=seed).random(sample.points)
    return qmc.LatinHypercube(dimensions, rng=seed).random(sample.points)


def _choose(variation: Variation, uniform: float) -> Any:
    """The value at a share of a range, or of a list of values."""
    if variation.values:
        return variation.values[int(uniform * len(variation.values))]
    low, high = variation.span or (0.0, 0.0)
    value = float(f"{low + uniform * (high - low):.12g}")
    return round(value) if variation.whole else value


def format_value(value: Any) -> str:
    """A value as people write it in a scenario's file."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return json.dumps(value) if isinstance(value, bool | Mapping | list) else str(value)
    return f"{value:g}"


def shorten_keys(keys: Sequence[str]) -> dict[str, str]:
    """Key -> its last name, or the whole key where several end alike."""
    last = [key.rpartition(".")[2] for key in keys]
    return {key: name if last.count(name) == 1 else key for key, name in zip(keys, last, strict=True)}


def describe_point(point: Point) -> str:
    """Values of a point: the value alone where there is one key, else ``ttl_s = 5, algorithm = ES256``."""
    if len(point) == 1:
        return format_value(next(iter(point.values())))
    names = shorten_keys(list(point))
    return ", ".join(f"{names[key]} = {format_value(value)}" for key, value in point.items())


def describe_sweep(variations: Sequence[Variation], points: Sequence[Point], sample: Sample | None) -> str:
    """Keys with their values, or with their ranges for a sample."""
    if sample is not None:
        kind = {"latin": "Latin hypercube", "sobol": "Sobol"}[sample.kind]
        return f"{kind} sample of {sample.points:,} points over {', '.join(map(_describe_span, variations))}"
    texts = [f"{each.key} = {_abridge([format_value(value) for value in each.values])}" for each in variations]
    return " x ".join(texts) + (f" ({len(points):,} cells)" if len(texts) > 1 else "")


def _describe_span(variation: Variation) -> str:
    if variation.values or variation.span is None:
        return f"{variation.key} = {_abridge([format_value(value) for value in variation.values])}"
    return f"{variation.key} = {variation.span[0]:g} to {variation.span[1]:g}"


def _abridge(texts: list[str], most: int = 12) -> str:
    return ", ".join(texts if len(texts) <= most else [*texts[: most - 2], "...", texts[-1]])
