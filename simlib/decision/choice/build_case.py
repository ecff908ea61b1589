"""The case of a decision: what the gain says of each design besides its draws."""

import math
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from simlib.decision.choice.case import CPU, Case, Facts
from simlib.decision.choice.monte_carlo import Figures
from simlib.decision.choice.total_cost import EXPOSURE, FIGURES
from simlib.decision.economics.formulas import whole_vcpus
from simlib.decision.gain.loads import load_of
from simlib.decision.gain.tiers import tiers_of
from simlib.decision.gain.values import Gain
from simlib.scenario.scenario import Scenario

HEADER = "header_bytes"


def case_of(scenario: Scenario, gain: Gain) -> Case:
    """Everything that all draws have in common."""
    facts = {name: _facts(scenario, name, gain) for name in scenario.designs}
    return Case(scenario, load_of(scenario), MappingProxyType(facts))


def _unseen(gain: Gain, design: str) -> bool:
    """Whether no run has the exposure of a design, although its settings say what to expect."""
    return design in gain.structures and math.isnan(_mean(gain, design, EXPOSURE))


def _facts(scenario: Scenario, design: str, gain: Gain) -> Facts:
    means = {name: _mean(gain, design, name) for name in FIGURES}
    structure = gain.structures.get(design)
    # What is measured is less than what settings let expect: one design must not be measured by it and another not.
    if structure is not None and any(_unseen(gain, name) for name in scenario.designs):
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
    unseen = [name for name in case.designs if _unseen(gain, name)]
    if not unseen:
        return ()
    own = {name: facts.means[EXPOSURE] for name, facts in case.facts.items() if name in gain.structures}
    told = ", ".join(f"{name} {seconds:,.4g} s" for name, seconds in own.items())
    why = f"for no run is long enough to see it with {', '.join(unseen)}"
    return (f"Exposure after revocation is what settings let expect in the mean, {why}: {told}.",)


def _values(gain: Gain, design: str, figure: str) -> list[float]:
    rows = gain.table[gain.table["design"] == design]
    return [] if figure not in rows.columns else [float(value) for value in rows[figure] if not math.isnan(value)]


def _mean(gain: Gain, design: str, figure: str) -> float:
    values = _values(gain, design, figure)
    return float(np.mean(values)) if values else math.nan


def _largest(gain: Gain, design: str) -> float:
    return max(_values(gain, design, HEADER), default=math.nan)


def completed(case: Case, figures: Figures) -> Figures:
    """Figures in which what no replication has is what is known of it otherwise, the same in every draw.

    Where that is so with the exposure of one design it is with all, for they must be measured by one rule.
    """
    unseen = any(
        bool(np.isnan(figures[design][EXPOSURE]).all()) and facts.structure is not None
        for design, facts in case.facts.items()
    )

    def one(design: str, name: str, values: NDArray[np.float64]) -> NDArray[np.float64]:
        facts = case.facts[design]
        everywhere = name == EXPOSURE and unseen and facts.structure is not None
        otherwise = facts.means.get(name, math.nan)
        return np.full_like(values, otherwise) if everywhere else _completed(values, otherwise)

    return {
        design: {name: one(design, name, values) for name, values in own.items()} for design, own in figures.items()
    }


def _completed(values: NDArray[np.float64], otherwise: float) -> NDArray[np.float64]:
    return np.full_like(values, otherwise) if np.isnan(values).all() else values
