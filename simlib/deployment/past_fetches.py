"""Past fetches of one replica: when, before the run, requests fetched what is kept for a while.

What is kept for T seconds is fetched anew by the first request after them. Requests come as a Poisson stream, so from
one fetch to the next pass T seconds and an exponential time.
"""

from collections.abc import Callable, Sequence
from math import inf, log1p
from typing import NamedTuple

SETTLED = 8
"""After so many cycles the phase of the fetches does not depend on the first one any more."""
TRAILING = 6
"""Of several kinds of fetches, so many of the last ones of each are returned: one may serve a later one of another."""


class Kind(NamedTuple):
    """Content that is kept for some seconds, and the rate (per second) of the requests that need it."""

    kept_s: float
    rate: float


class Fetch(NamedTuple):
    """One request before the run (seconds, negative) that fetched things of some kinds, by their numbers."""

    instant: float
    kinds: tuple[int, ...]


def draw_exponential(rate: float, uniform: float) -> float:
    """An exponential time of a rate, by inversion."""
    return -log1p(-uniform) / rate if rate > 0 else inf


def draw_fetches(kinds: Sequence[Kind], first: float, draw: Callable[[], float]) -> tuple[Fetch, ...]:
    """The fetches before the run on which the state at its begin depends, in order, since the ``first`` request.

    ``first`` (seconds, negative) is when all kinds were fetched; -inf in a stationary state without a beginning.
    """
    if len(kinds) == 1:
        last = _draw_last(kinds[0], first, draw)
        return () if last is None else (Fetch(last, (0,)),)
    return _draw_joint(kinds, first, draw)


def _draw_last(kind: Kind, first: float, draw: Callable[[], float]) -> float | None:
    if first >= 0:
        return None
    kept, rate = kind
    if kept == inf:
        return first if first > -inf else None
    cycle = kept + 1 / rate
    if -first > SETTLED * cycle:
        return -_draw_age(kind, draw)
    last = first
    while True:
        following = last + kept + draw_exponential(rate, draw())
        if following >= 0:
            return last
        last = following


def _draw_age(kind: Kind, draw: Callable[[], float]) -> float:
    """Age of the last fetch in the stationary state: anywhere in the cycle from one fetch to the next."""
    position = draw() * (kind.kept_s + 1 / kind.rate)
    # Beyond the time kept, the wait for the next request has lasted for an exponential time.
    return position if position < kind.kept_s else kind.kept_s + draw_exponential(kind.rate, draw())


def _draw_joint(kinds: Sequence[Kind], first: float, draw: Callable[[], float]) -> tuple[Fetch, ...]:
    """Several kinds that one request may fetch together."""
    finite = [kind.kept_s + 1 / kind.rate for kind in kinds if kind.kept_s < inf]
    settled = -SETTLED * max(finite, default=0.0)
    if first == -inf:
        begin = settled * (1 + draw())
        done = [begin if kind.kept_s == inf else begin - _draw_age(kind, draw) for kind in kinds]
        fetches = [Fetch(instant, (number,)) for number, instant in enumerate(done)]
    else:
        if first >= 0:
            return ()
        done, fetches = [first] * len(kinds), [Fetch(first, tuple(range(len(kinds))))]
    while (following := _draw_following(kinds, done, draw)).instant < 0:
        for number in following.kinds:
            done[number] = following.instant
        fetches.append(following)
    return _keep_trailing(kinds, sorted(fetches))


def _draw_following(kinds: Sequence[Kind], done: list[float], draw: Callable[[], float]) -> Fetch:
    """The next request that fetches anything, and all that it fetches.

    The requests that need a kind are taken to be among those that need a more frequent one.
    """
    due = [max(instant + kind.kept_s, max(done)) for instant, kind in zip(done, kinds, strict=True)]
    instant, rate = min(due), max(kind.rate for kind in kinds)
    while True:
        instant += draw_exponential(rate, draw())
        need = draw() * rate
        served = tuple(n for n, kind in enumerate(kinds) if due[n] <= instant and need < kind.rate)
        if served or instant >= 0:
            return Fetch(instant, served)


def _keep_trailing(kinds: Sequence[Kind], fetches: list[Fetch]) -> tuple[Fetch, ...]:
    kept: set[Fetch] = set()
    for number in range(len(kinds)):
        kept |= set([fetch for fetch in fetches if number in fetch.kinds][-TRAILING:])
    return tuple(sorted(kept))
