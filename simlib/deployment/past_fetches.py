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
    """Content that is kept for some seconds, and the rate (per second) of the requests that need it.

    ``share`` of all requests need it; those that need kinds of different ``group`` are independent.
    """

    kept_s: float
    rate: float
    share: float = 1.0
    group: int = 0


class Fetch(NamedTuple):
    """One request before the run (seconds, negative) that fetched things of some kinds, by their numbers."""

    instant: float
    kinds: tuple[int, ...]


def draw_exponential(rate: float, uniform: float) -> float:
    """An exponential time of a rate, by inversion."""
    return -log1p(-uniform) / rate if rate > 0 else inf


def draw_fetches(kinds: Sequence[Kind], first: float, draw: Callable[[], float]) -> tuple[Fetch, ...]:
    """The fetches before the run on which the state at its begin depends, in order, since the ``first`` request.

    ``first`` (seconds, negative) is that of the first request, which fetches what it needs as any other does, hence
    all kinds with a share of 1; -inf in a stationary state without a beginning.
    """
    if len(kinds) == 1:
        last = _draw_last(kinds[0], first, draw)
        return () if last is None else (Fetch(last, (0,)),)
    return _draw_joint(kinds, first, draw)


def _draw_last(kind: Kind, first: float, draw: Callable[[], float]) -> float | None:
    kept, rate = kind.kept_s, kind.rate
    if kind.share < 1 and first > -inf and draw() >= kind.share:
        first += draw_exponential(rate, draw())
    if first >= 0:
        return None
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
    if first >= 0:
        return ()
    finite = [kind.kept_s + 1 / kind.rate for kind in kinds if kind.kept_s < inf]
    settled = -SETTLED * max(finite, default=0.0)
    if first == -inf:
        begin = settled * (1 + draw())
        done = [begin if kind.kept_s == inf else begin - _draw_age(kind, draw) for kind in kinds]
        fetches = [Fetch(instant, (number,)) for number, instant in enumerate(done)]
    else:
        served = list_first_served(kinds, draw)
        fetches = [Fetch(first, served)] if served else []
        done = [first if number in served else -inf for number in range(len(kinds))]
    now = max(done) if first == -inf else first
    due = [now if instant == -inf else instant + kind.kept_s for instant, kind in zip(done, kinds, strict=True)]
    while (following := _draw_following(kinds, [max(now, own) for own in due], draw)).instant < 0:
        now = following.instant
        for number in following.kinds:
            due[number] = now + kinds[number].kept_s
        fetches.append(following)
    return _keep_trailing(kinds, sorted(fetches))


def _draw_following(kinds: Sequence[Kind], due: list[float], draw: Callable[[], float]) -> Fetch:
    """The next request that fetches anything, and all that it fetches."""
    instant, rate = min(due), compute_rate(kinds)
    while True:
        instant += draw_exponential(rate, draw())
        needed = draw_needed(kinds, draw)
        served = tuple(n for n in range(len(kinds)) if due[n] <= instant and n in needed)
        if served or instant >= 0:
            return Fetch(instant, served)


def compute_rate(kinds: Sequence[Kind]) -> float:
    """Rate of the requests that need any kind; of all requests where different ones need different kinds."""
    return kinds[0].rate if is_one_group(kinds) else kinds[0].rate / kinds[0].share


def is_one_group(kinds: Sequence[Kind]) -> bool:
    """Whether a request needs all kinds or none."""
    return len({kind.group for kind in kinds}) == 1


def draw_needed(kinds: Sequence[Kind], draw: Callable[[], float]) -> frozenset[int]:
    """Numbers of the kinds that one of the requests of `compute_rate` needs."""
    if is_one_group(kinds):
        draw()
        return frozenset(range(len(kinds)))
    uniforms = {group: draw() for group in sorted({kind.group for kind in kinds if kind.share < 1})}
    return frozenset(number for number, kind in enumerate(kinds) if uniforms.get(kind.group, 0.0) < kind.share)


def list_first_served(kinds: Sequence[Kind], draw: Callable[[], float]) -> tuple[int, ...]:
    """Numbers of the kinds that the first request with a token needs, in order."""
    uniforms = {group: draw() for group in sorted({kind.group for kind in kinds if kind.share < 1})}
    return tuple(number for number, kind in enumerate(kinds) if uniforms.get(kind.group, 0.0) < kind.share)


def _keep_trailing(kinds: Sequence[Kind], fetches: list[Fetch]) -> tuple[Fetch, ...]:
    kept: set[Fetch] = set()
    for number in range(len(kinds)):
        kept |= set([fetch for fetch in fetches if number in fetch.kinds][-TRAILING:])
    return tuple(sorted(kept))
