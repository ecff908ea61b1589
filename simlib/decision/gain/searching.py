"""The search for the cheapest servers that keep the limits.

More servers never make a design slower, so what fails on some size fails on every size that is smaller in all tiers:
this is taken to prune the search (it is a theorem for one queue; with a cache in each replica it may fail by a little).
It is not needed for the answer: at the end every cheaper neighbour, one step less in one tier, has been tried.
"""

import heapq
from collections.abc import Sequence

from simlib.decision.gain.requirements import Requirement
from simlib.decision.gain.tiers import Setup, chain, smaller
from simlib.decision.gain.trying import Bench, Tried

LIGHT = 0.1
"""Utilisation at which queues are short enough that still more servers would help nobody. An assumption."""
Index = tuple[int, ...]


def cheapest(bench: Bench, requirement: Requirement) -> Tried:
    """The cheapest setup that keeps the limits, or the largest one when none does."""
    top: Setup = {name: level for tier in bench.tiers for name, level in tier.light(LIGHT).items()}
    walk = _Walk(bench, requirement, [chain(tier, top) for tier in bench.tiers])
    if walk.at(walk.start).met:
        return walk.proved(walk.start)
    if not walk.at(walk.end).met:
        return walk.at(walk.end)
    begin = tuple(walk.lowest(tier) for tier in range(len(walk.chains)))
    return walk.proved(walk.best_first(begin))


class _Walk:
    """Indices into the chains of all tiers; index 0 is the smallest size that the utilisation law allows."""

    def __init__(self, bench: Bench, requirement: Requirement, chains: Sequence[tuple[Setup, ...]]) -> None:
        self.bench = bench
        self.requirement = requirement
        self.chains = chains
        self.start: Index = tuple(0 for _ in chains)
        self.end: Index = tuple(len(own) - 1 for own in chains)

    def setup(self, index: Index) -> Setup:
        return {name: level for own, at in zip(self.chains, index, strict=True) for name, level in own[at].items()}

    def at(self, index: Index) -> Tried:
        return self.bench.attempt(self.setup(index), self.requirement)

    def lowest(self, tier: int) -> int:
        """The smallest size of one tier that keeps the limits while all others are as large as can be (bisection)."""
        low, high = -1, self.end[tier]
        while high - low > 1:
            middle = (low + high) // 2
            met = self.at(self._with(self.end, tier, middle)).met
            low, high = (low, middle) if met else (middle, high)
        return high

    def best_first(self, begin: Index) -> Index:
        """The cheapest that keeps the limits, in order of cost from where no tier alone breaks one."""
        waiting, seen = [(self.bench.cost(self.setup(begin)), begin)], {begin}
        while waiting:
            _, index = heapq.heappop(waiting)
            if self.at(index).met:
                return index
            for tier, size in enumerate(index):
                larger = self._with(index, tier, size + 1)
                if size < self.end[tier] and larger not in seen:
                    seen.add(larger)
                    heapq.heappush(waiting, (self.bench.cost(self.setup(larger)), larger))
        return self.end

    def proved(self, index: Index) -> Tried:
        """The size itself once every neighbour with one step less has failed; else the neighbour that did not."""
        for tier, size in enumerate(index):
            if size > 0:
                less = self._with(index, tier, size - 1)
                if self.at(less).met:
                    return self.proved(less)
            else:
                self._overloaded(index, tier)
        return self.at(index)

    def _overloaded(self, index: Index, tier: int) -> None:
        """Write down that one step less cannot work at all, where there is such a step."""
        setup = self.setup(index)
        less = smaller(self.bench.tiers[tier], setup)
        if less is not None:
            self.bench.attempt({**setup, **less}, self.requirement)

    @staticmethod
    def _with(index: Index, tier: int, size: int) -> Index:
        return (*index[:tier], size, *index[tier + 1 :])
