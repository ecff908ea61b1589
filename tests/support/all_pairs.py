"""Fewer rows of a product that say as much where its axes act two at a time."""

from collections.abc import Hashable, Iterable
from heapq import heapify, heappop, heappush
from itertools import combinations
from typing import TypeVar

Row = TypeVar("Row", bound=tuple[Hashable, ...])


def pairs_in(row: tuple[Hashable, ...]) -> set[tuple[Hashable, ...]]:
    """Each two values of a row together with where they stand in it."""
    return set(combinations(enumerate(row), 2))


def all_pairs(rows: Iterable[Row]) -> list[Row]:
    """Some of the rows, in their order, in which every two values stand that stand in any row together.

    Greedy: the next row is always the first of those with the most pairs that are still missing. A row never has more
    of them later than before, so that only rows at the top of the heap are counted again.
    """
    candidates = list(dict.fromkeys(rows))
    pairs = [pairs_in(row) for row in candidates]
    missing = set().union(*pairs)
    heap = [(-len(own), number) for number, own in enumerate(pairs)]
    heapify(heap)
    chosen: list[int] = []
    while missing:
        said, number = heappop(heap)
        found = len(pairs[number] & missing)
        if -said > found:
            heappush(heap, (-found, number))
            continue
        chosen.append(number)
        missing -= pairs[number]
    return [candidates[number] for number in sorted(chosen)]
