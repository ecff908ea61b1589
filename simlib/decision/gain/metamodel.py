"""Response surfaces: polynomials of low order through runs, with their error in runs left out.

Inputs enter as logarithms scaled to [-1, 1], figures as logarithms where all are positive: a product of powers, such as
CPU time and a factor on it, is then linear. Source: Box and Draper, Empirical Model-Building and Response Surfaces,
1987.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike

from simlib.analysis.columns import Floats
from simlib.decision.gain.values import Surface

Terms = tuple[tuple[int, ...], ...]
SPARE = 2
"""Smallest number of runs beyond the coefficients of a polynomial."""
EXACT = 1e-9
"""Relative variation over all runs below which a figure is constant."""


@dataclass(frozen=True, eq=False)
class Sample:
    """Points of runs: one row per run, one column per input, all above 0, with the ends of their ranges."""

    inputs: tuple[str, ...]
    low: Floats
    middle: Floats
    high: Floats
    points: Floats


def fit_surface(design: str, metric: str, sample: Sample, values: ArrayLike, source: str = "runs") -> Surface:
    """Polynomial with the smallest error in runs left out: constant, linear, with squares, or with all products.

    The error of a left-out run is exact without fitting again (PRESS: residual / (1 - leverage)). Runs where the
    figure is undefined (NaN) do not count. Raises ValueError when there are none.
    """
    observed = np.asarray(values, dtype=np.float64)
    defined = np.isfinite(observed)
    if not defined.any():
        raise ValueError(f"{metric} of {design} is undefined in every run")
    observed, scaled = observed[defined], _scale(sample.points[defined], sample.low, sample.high)
    logarithmic = bool((observed > 0).all())
    polynomials = (_fit_polynomial(terms, scaled, observed, logarithmic) for terms in _list_orders(len(sample.inputs)))
    fits = [polynomial for polynomial in polynomials if polynomial]
    terms, coefficients, left_out = min(fits, key=lambda fit: float(np.square(fit[2]).sum()))
    total = float(np.square(observed - observed.mean()).sum())
    error = float(np.sqrt(np.square(left_out).mean()))
    constant = total <= (EXACT * max(abs(float(observed.mean())), EXACT)) ** 2 * len(observed)
    explained = 1.0 if constant else max(0.0, 1.0 - float(np.square(left_out).sum()) / total)
    return Surface(
        design=design,
        metric=metric,
        inputs=sample.inputs,
        low=sample.low,
        high=sample.high,
        coefficients=coefficients,
        error=error,
        explained=explained,
        middle=sample.middle,
        terms=terms,
        logarithmic=logarithmic,
        runs=len(observed),
        source=source,
    )


def predict(surface: Surface, inputs: Mapping[str, ArrayLike]) -> Floats:
    """Figure at some inputs, in its unit; the shape is that of the inputs, broadcast.

    Inputs that are not named are those of the scenario; beyond its range an input counts as the end of the range.
    Raises ValueError for an unknown input.
    """
    unknown = sorted(set(inputs) - set(surface.inputs))
    if unknown:
        raise ValueError(f"no input {unknown[0]!r}; a surface has {', '.join(surface.inputs)}")
    values = [inputs.get(name, own) for name, own in zip(surface.inputs, surface.middle, strict=True)]
    columns = np.broadcast_arrays(*(np.asarray(column, dtype=np.float64) for column in values))
    points = np.clip(np.stack([column.ravel() for column in columns], axis=1), surface.low, surface.high)
    line = _compute_powers(surface.terms, _scale(points, surface.low, surface.high)) @ surface.coefficients
    return np.reshape(np.exp(line) if surface.logarithmic else line, columns[0].shape)


def _scale(points: Floats, low: Floats, high: Floats) -> Floats:
    span = np.log(high / low)
    return np.asarray(2.0 * np.log(points / low) / np.where(span > 0, span, 1.0) - 1.0)


def _list_orders(inputs: int) -> Iterator[Terms]:
    """Powers of the inputs of each polynomial, the simplest first."""
    one = tuple(0 for _ in range(inputs))
    linear = [_replace_powers(one, {number: 1}) for number in range(inputs)]
    squares = [_replace_powers(one, {number: 2}) for number in range(inputs)]
    products = [_replace_powers(one, {a: 1, b: 1}) for a, b in combinations(range(inputs), 2)]
    yield (one,)
    yield (one, *linear)
    yield (one, *linear, *squares)
    yield (one, *linear, *squares, *products)


def _replace_powers(powers: tuple[int, ...], changed: Mapping[int, int]) -> tuple[int, ...]:
    return tuple(changed.get(number, power) for number, power in enumerate(powers))


def _compute_powers(terms: Terms, scaled: Floats) -> Floats:
    columns = [np.prod(scaled ** np.array(powers), axis=1) for powers in terms]
    return np.stack(columns, axis=1)


def _fit_polynomial(
    terms: Terms, scaled: Floats, observed: Floats, logarithmic: bool
) -> tuple[Terms, Floats, Floats] | None:
    """Terms, coefficients, and the error of each run when it is left out; None with too few runs."""
    if len(observed) < len(terms) + SPARE and len(terms) > 1:
        return None
    matrix = _compute_powers(terms, scaled)
    target = np.log(observed) if logarithmic else observed
    coefficients, _, rank, _ = np.linalg.lstsq(matrix, target)
    if rank < len(terms):
        return None
    leverage = np.square(np.linalg.qr(matrix)[0]).sum(axis=1)
    if len(observed) == 1:
        return terms, np.asarray(coefficients), np.zeros(1)
    if (leverage > 1 - 1e-9).any():
        return None
    errors = (target - matrix @ coefficients) / (1.0 - leverage)
    left_out = observed - np.exp(target - errors) if logarithmic else errors
    return terms, np.asarray(coefficients), left_out
