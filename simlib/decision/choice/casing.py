"""The case of a decision: what the gain says of each design besides its draws."""

import math
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from simlib.decision.choice.facts import CPU, Case, Facts
from simlib.decision.choice.lines import EXPOSURE, FIGURES
from simlib.decision.choice.simulated import Figures
from simlib.decision.economics.servers import whole_vcpus
from simlib.decision.gain.loads import load_of
from simlib.decision.gain.tiers import tiers_of
from simlib.decision.gain.values import Gain
from simlib.scenario.scenario import Scenario

HEADER = "header_bytes"


def case_of(scenario: Scenario, gain: Gain) -> Case:
    """Everything that all draws have in common."""
    return Case(
        scenario, load_of(scenario), MappingProxyType({name: _facts(scenario, name, gain) for name in scenario.designs})
    )


def _facts(scenario: Scenario, design: str, gain: Gain) -> Facts:
    means = {name: _mean(gain, design, name) for name in FIGURES}
    structure = gain.structures.get(design)
    if structure is not None and math.isnan(means[EXPOSURE]):
        means[EXPOSURE] = structure.expected_exposure_s
    shared, busy = means[CPU["shared_store"]], scenario.terms.target_utilisation
    tiers = tiers_of(scenario, scenario.design(design), load_of(scenario), {})
    return Facts(
        design=design,
        means=MappingProxyType(means),
        structure=structure,
        header_bytes=_largest(gain, design),
        size=gain.sizes.get(design),
        shared_store_vcpus=whole_vcpus(load_of(scenario), shared, busy) if shared > 0 else 0,
        smallest=MappingProxyType({tier.name: sum(place.hosts for place in tier.places) for tier in tiers}),
        surfaces=gain.surfaces.get(design, MappingProxyType({})),
    )


def expected_instead(case: Case, gain: Gain) -> tuple[str, ...]:
    """A sentence about exposures that no run has, in whose place stands what settings let expect; none without."""
    own = {
        name: facts.means[EXPOSURE]
        for name, facts in case.facts.items()
        if math.isnan(_mean(gain, name, EXPOSURE)) and not math.isnan(facts.means[EXPOSURE])
    }
    if not own:
        return ()
    told = ", ".join(f"{name} {seconds:,.4g} s" for name, seconds in own.items())
    return (f"Exposure after revocation is what settings let expect in the mean, and was not simulated: {told}.",)


def _values(gain: Gain, design: str, figure: str) -> list[float]:
    rows = gain.table[gain.table["design"] == design]
    return [] if figure not in rows.columns else [float(value) for value in rows[figure] if not math.isnan(value)]


def _mean(gain: Gain, design: str, figure: str) -> float:
    values = _values(gain, design, figure)
    return float(np.mean(values)) if values else math.nan


def _largest(gain: Gain, design: str) -> float:
    return max(_values(gain, design, HEADER), default=math.nan)


def completed(case: Case, figures: Figures) -> Figures:
    """Figures in which what no replication has is what is known of it otherwise, the same in every draw."""
    return {
        design: {name: _completed(values, case.facts[design].means.get(name, math.nan)) for name, values in own.items()}
        for design, own in figures.items()
    }


def _completed(values: NDArray[np.float64], otherwise: float) -> NDArray[np.float64]:
    return np.full_like(values, otherwise) if np.isnan(values).all() else values
