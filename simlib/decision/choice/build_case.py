"""Builder of a decision's case: what the simulated gain says of each design besides its draws."""

import math
from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from simlib.analysis.columns import Floats
from simlib.decision.choice.case import Case
from simlib.decision.choice.cost_causes import CAUSES, CPU, EXPOSURE, CostCause, list_figures
from simlib.decision.choice.design_case import DesignCase
from simlib.decision.choice.monte_carlo import Figures
from simlib.decision.economics.formulas import compute_whole_vcpus
from simlib.decision.gain.loads import compute_load
from simlib.decision.gain.tiers import list_tiers
from simlib.decision.gain.values import Gain
from simlib.decision.promises import ValidityBounds
from simlib.scenario.scenario import Scenario

HEADER = "header_bytes"


def build_case(
    scenario: Scenario,
    gain: Gain,
    promises: Mapping[str, ValidityBounds],
    causes: tuple[CostCause, ...] = CAUSES,
) -> Case:
    """Case of all designs of a scenario; ``promises``: design -> bounds, ``causes``: the costs that are counted."""
    figures = list_figures(causes)
    design_cases = {
        name: _build_design_case(scenario, name, gain, promises[name], figures) for name in scenario.designs
    }
    return Case(scenario, compute_load(scenario), MappingProxyType(design_cases), causes)


def _is_unobserved(gain: Gain, design: str) -> bool:
    """Whether no run has the exposure of a design, although its settings give an expected value."""
    return design in gain.structures and math.isnan(_compute_mean(gain, design, EXPOSURE))


def _build_design_case(
    scenario: Scenario, design: str, gain: Gain, bounds: ValidityBounds, figures: tuple[str, ...]
) -> DesignCase:
    means = {name: _compute_mean(gain, design, name) for name in figures}
    structure = gain.structures.get(design)
    # Measured exposures are below expected ones, so all designs take the same kind of value.
    if structure is not None and any(_is_unobserved(gain, name) for name in scenario.designs):
        means[EXPOSURE] = structure.expected_exposure_s
    shared, busy = means[CPU["shared_store"]], scenario.terms.target_utilisation
    tiers = list_tiers(scenario, scenario.design(design), compute_load(scenario), {})
    return DesignCase(
        design=design,
        means=MappingProxyType(means),
        bounds=bounds,
        structure=structure,
        header_bytes=_find_largest_header(gain, design),
        size=gain.sizes.get(design),
        shared_store_vcpus=compute_whole_vcpus(compute_load(scenario), shared, busy) if shared > 0 else 0,
        smallest=MappingProxyType({tier.name: sum(place.hosts for place in tier.places) for tier in tiers}),
        surfaces=gain.surfaces.get(design, MappingProxyType({})),
    )


def describe_expected_exposure(case: Case, gain: Gain) -> tuple[str, ...]:
    """Sentence about exposures that no run has and that are replaced by the expected ones; empty without any."""
    unobserved = [name for name in case.designs if _is_unobserved(gain, name)]
    if not unobserved:
        return ()
    expected = ", ".join(
        f"{name} {design_case.means[EXPOSURE]:,.4g} s"
        for name, design_case in case.design_cases.items()
        if name in gain.structures
    )
    reason = f"for no run is long enough to observe it with {', '.join(unobserved)}"
    return (f"Exposure after revocation is the mean expected by settings, {reason}: {expected}.",)


def _list_values(gain: Gain, design: str, figure: str) -> list[float]:
    rows = gain.table[gain.table["design"] == design]
    return [] if figure not in rows.columns else [float(value) for value in rows[figure] if not math.isnan(value)]


def _compute_mean(gain: Gain, design: str, figure: str) -> float:
    values = _list_values(gain, design, figure)
    return float(np.mean(values)) if values else math.nan


def _find_largest_header(gain: Gain, design: str) -> float:
    return max(_list_values(gain, design, HEADER), default=math.nan)


def complete_figures(case: Case, figures: Figures) -> Figures:
    """Figures with those that no replication has replaced by the case's mean, the same in every draw.

    If the exposure of one design is replaced, that of all is, so that all are determined by one rule.
    """
    replaces_exposure = any(
        bool(np.isnan(figures[design][EXPOSURE]).all()) and design_case.structure is not None
        for design, design_case in case.design_cases.items()
    )

    def complete(design: str, name: str, values: Floats) -> Floats:
        design_case = case.design_cases[design]
        is_replaced = name == EXPOSURE and replaces_exposure and design_case.structure is not None
        if not is_replaced and not np.isnan(values).all():
            return values
        return np.full_like(values, design_case.means.get(name, math.nan))

    return {
        design: {name: complete(design, name, values) for name, values in own.items()}
        for design, own in figures.items()
    }
