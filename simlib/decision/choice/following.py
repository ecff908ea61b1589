"""How yearly amounts follow the load and the other inputs of the simulation.

Amounts are those at the scenario's load. vCPUs are the fewest that there can be until these are as busy as they may be,
and rise in proportion from there; what every request takes rises with the number of requests. Where a response surface
is known the figure of one request follows it too, as the ratio of the surface there to the surface here; beyond the
range of the surface it stays what it is at its end.
"""

from collections.abc import Mapping
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simlib.decision.choice.facts import CPU, Case
from simlib.decision.choice.surfaces import range_of, ratio_to_here
from simlib.decision.economics.servers import tolerated_utilisation, vcpus_at

Values = NDArray[np.float64]
Where = Mapping[str, Values]
"""Input of the simulation -> values; what is not named is as in the scenario."""
LOAD = "load"
Kind = Literal["constant", "requests", "total", "vcpus"]


class Follows(NamedTuple):
    """What an amount follows: nothing, the number of requests times a figure of one request, a figure that is itself a
    total and grows with the requests, or the vCPUs of a host.
    """

    kind: Kind
    name: str = ""


def scale(case: Case, design: str, follows: Follows, where: Where) -> Values:
    """The factor on an amount; 1 at the scenario's own inputs, but for vCPUs, whose number it is."""
    load = np.asarray(where.get(LOAD, case.load), dtype=np.float64)
    if follows.kind == "constant":
        return np.ones_like(load)
    if follows.kind == "vcpus":
        return _vcpus(case, design, follows.name, load, where)
    share = load / (_followed(case, design, follows.name, load) if follows.kind == "total" else case.load)
    return np.asarray(share * _ratio(case, design, follows.name, where), dtype=np.float64)


def _followed(case: Case, design: str, figure: str, load: Values) -> Values | float:
    """The load up to which the surface of a total has it grow already."""
    surface = case.facts[design].surfaces.get(figure)
    if surface is None or LOAD not in surface.inputs:
        return case.load
    low, _, high = range_of(surface, surface.inputs.index(LOAD))
    return np.asarray(np.clip(load, low, high), dtype=np.float64)


def _vcpus(case: Case, design: str, host: str, load: Values, where: Where) -> Values:
    facts = case.facts[design]
    sized, cpu = facts.vcpus(host), facts.means.get(CPU[host], np.nan)
    if not sized:
        return np.zeros_like(load)
    cpu = 0.0 if np.isnan(cpu) else cpu
    at = case.load if facts.size is None or host == "shared_store" else facts.size.load
    target = case.scenario.terms.target_utilisation
    smallest = min(facts.smallest.get(host, 1), sized)
    busy = tolerated_utilisation(sized, at, cpu, target, smallest=smallest)
    needed = cpu * _ratio(case, design, CPU[host], where)
    return vcpus_at(load * at / case.load, needed, busy, smallest=smallest)


def _ratio(case: Case, design: str, figure: str, where: Where) -> Values | float:
    surface = case.facts[design].surfaces.get(figure)
    return 1.0 if surface is None else ratio_to_here(surface, where)
