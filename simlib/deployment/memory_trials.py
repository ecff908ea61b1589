"""Trials of a memory: pairs of requests at one enforcement point, outside time, and what the second does less."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from math import inf
from typing import Protocol

from simlib.deployment.offline_run import CALL
from simlib.deployment.past import ClientVisits, Past
from simlib.scenario.messages import HttpRequest
from simlib.strategies import ClientToken

LONGEST_S = 1e8
"""A memory that is as long as this has no end."""
FIRST, OTHER = 0, 1
"""Users of the trials."""
PRECISION = 1e-6
BESIDES = 1e-5


class Laboratory(Protocol):
    """The deployment on which trials are made. ``life_s``: for how long its clients use a token."""

    life_s: float

    def begin(self) -> Past:
        """Empty states everywhere."""

    def begin_beside(self) -> Past:
        """Empty states of replicas that share a store with others."""

    def issue(self, past: Past, user: int, instant: float) -> ClientToken:
        """A token of a user that is in time at an instant."""


Send = Callable[[Past, ClientToken, int, float, HttpRequest], ClientVisits]
"""Makes one request at a point: the past, token, user, instant, kind of request."""


class MemoryTrial:
    """Pairs of requests at one point."""

    def __init__(self, laboratory: Laboratory, send: Send) -> None:
        self._laboratory = laboratory
        self._send = send
        self.life_s = laboratory.life_s

    def find_token_ends(self, how: HttpRequest, less: HttpRequest | None = None) -> tuple[float, ...]:
        """After how long a request with the same token does again what the very next one did without.

        With ``less`` only what that kind of request does not do.
        """
        nothing = Counter[str]()
        without = nothing if less is None else self._count_same(0.0, less, first=True)
        new = self._count_other(0.0, how) - without
        base = self._count_same(0.0, how)
        if not new - base:
            return ()
        ends = list(
            self._find_rises(lambda t: (self._count_same(t, how) - without) & new, (base - without) & new, self.life_s)
        )
        return tuple(ends) if ends else (inf,)

    def find_common_ends(self, variants: Mapping[str, HttpRequest]) -> tuple[float, ...]:
        """After how long a request with another token does again what the one right after the first did without."""
        how = next(iter(variants.values()), HttpRequest())
        new, base = self._count_same(0.0, how, first=True), self._count_other(0.0, how)
        if not new - base:
            return ()
        ends = list(self._find_rises(lambda t: self._count_other(t, how) & new, base & new, LONGEST_S))
        return tuple(ends) if ends else (inf,)

    def find_end(self, ends: tuple[float, ...]) -> tuple[float, bool]:
        """Time for which a token is accepted while the server is unreachable, and whether a later use prolongs it."""
        if not self._is_accepted((0.0,), 0.0):
            return 0.0, False
        if self._is_accepted((0.0,), self.life_s):
            return inf, False
        end = _bisect(lambda t: not self._is_accepted((0.0,), t), 0.0, self.life_s)
        between = min(end, *(ends or (end,))) / 2
        return end, self._is_accepted((0.0, between), min(end * (1 + BESIDES), self.life_s))

    def is_shared(self) -> bool:
        """Whether a replica without a past does less for a token that another has seen."""
        past, token = self._begin(FIRST)
        self._send(past, token, FIRST, 0.0, HttpRequest())
        elsewhere = self._send(self._laboratory.begin_beside(), token, FIRST, 0.0, HttpRequest())
        return bool(self._count_same(0.0, HttpRequest(), first=True) - _add(elsewhere))

    def find_renewal(self) -> float:
        """From which age on the answer to a request brings a new token; inf where none does."""
        if not self._is_renewed(self.life_s):
            return inf
        return _bisect(self._is_renewed, 0.0, self.life_s)

    def _is_renewed(self, age: float) -> bool:
        past, token = self._begin(FIRST)
        answer = self._send(past, token, FIRST, age, HttpRequest()).answer
        return getattr(answer, "cookie", None) is not None

    def count_calls(
        self, how: HttpRequest | None = None, less: HttpRequest | None = None
    ) -> tuple[Counter[str], Counter[str]]:
        """Calls of every request by target, and what one with a token that is new to the replica makes besides.

        With ``less`` only those that this kind of request does not make.
        """
        how = how or HttpRequest()
        every, new = self._count_same(0.0, how), self._count_other(0.0, how)
        anew = new - every
        if less is not None:
            anew -= self._count_other(0.0, less) - self._count_same(0.0, less)
            every -= self._count_same(0.0, less)
        return _select_calls(every), _select_calls(anew)

    def is_remembered_by_client(self) -> bool:
        """Whether the client does less itself at its second request."""
        past, token = self._begin(FIRST)
        one = self._send(past, token, FIRST, 0.0, HttpRequest())
        two = self._send(past, token, FIRST, 0.0, HttpRequest())
        return bool(one.counts - two.counts)

    def find_onward(self, target: str) -> str:
        """Whether all replicas send the same on, each its own, or always another."""
        past, token = self._begin(FIRST)
        one, two = (self._find_sent(past, token, target) for _ in range(2))
        three = self._find_sent(self._laboratory.begin_beside(), token, target)
        if one != two:
            return "new"
        return "same" if one == three else "replica"

    def _find_sent(self, past: Past, token: ClientToken, target: str) -> HttpRequest | None:
        visits = self._send(past, token, FIRST, 0.0, HttpRequest()).visits
        return next((sent for visit in visits for name, sent in visit.onward if name == target), None)

    # --- pairs ---------------------------------------------------------------------------------------------------

    def _begin(self, user: int) -> tuple[Past, ClientToken]:
        past = self._laboratory.begin()
        return past, self._laboratory.issue(past, user, 0.0)

    def _count_same(self, later: float, how: HttpRequest, first: bool = False) -> Counter[str]:
        """Operations and calls of a second request with the same token, so much later; of the ``first``, at once."""
        past, token = self._begin(FIRST)
        visits = self._send(past, token, FIRST, 0.0, how)
        return _add(visits if first else self._send(past, token, FIRST, later, how))

    def _count_other(self, later: float, how: HttpRequest) -> Counter[str]:
        """Operations and calls of a request with another token, so much later."""
        past, token = self._begin(FIRST)
        self._send(past, token, FIRST, 0.0, how)
        other = self._laboratory.issue(past, OTHER, later)
        return _add(self._send(past, other, OTHER, later, how))

    def _is_accepted(self, before: tuple[float, ...], later: float) -> bool:
        past, token = self._begin(FIRST)
        for instant in before:
            past.reachable = not instant
            self._send(past, token, FIRST, instant, HttpRequest())
        past.reachable = False
        answer = self._send(past, token, FIRST, later, HttpRequest()).answer
        return getattr(answer, "status", 0) == 200

    def _find_rises(
        self, count: Callable[[float], Counter[str]], base: Counter[str], longest: float
    ) -> Iterator[float]:
        """The distances from which on more is done than from shorter ones."""
        since, level = 0.0, base
        while True:
            upto = max(since * 4, 1e-2)
            while upto < longest and not count(upto) - level:
                upto *= 4
            upto = min(upto, longest)
            if upto <= since or not count(upto) - level:
                return
            since = _bisect(partial(_rises, count, level), since, upto)
            level = level | count(since)
            yield since
            if since >= longest:
                return


def _rises(count: Callable[[float], Counter[str]], level: Counter[str], distance: float) -> bool:
    return bool(count(distance) - level)


def _select_calls(counts: Counter[str]) -> Counter[str]:
    return Counter({name.removeprefix(CALL): n for name, n in counts.items() if name.startswith(CALL)})


def _add(visits: ClientVisits) -> Counter[str]:
    """Operations and calls of all visits of one request."""
    return sum((visit.counts for visit in visits.visits), Counter())


def _bisect(holds: Callable[[float], bool], low: float, high: float) -> float:
    """The least distance at which something holds that holds at ``high`` and not at ``low``."""
    while high - low > PRECISION * high:
        middle = (low + high) / 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high
