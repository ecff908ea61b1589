"""Real traffic logs as arrivals: who asked when, replayed faster or denser, and how often a token is used again.

Reading a traffic log line by line: what is sound is kept, what is broken is counted and told.
"""

import math
from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from simlib.scenario.errors import InputError
from simlib.scenario.trace_files import ALLOWED, open_lines
from simlib.scenario.trace_formats import SECOND, BrokenLine, Layout, recognise

EXAMPLES = 5
"""Broken lines that are told with their number and reason; the others are counted."""


@dataclass
class Harvest:
    """What reading the lines of a file has yielded so far; stamps in nanoseconds, users numbered as met."""

    stamps: "array[int]" = field(default_factory=lambda: array("q"))
    users: "array[int]" = field(default_factory=lambda: array("q"))
    names: dict[str, int] = field(default_factory=dict)
    broken: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, stamp: int, user: str) -> None:
        """Keep a request."""
        self.stamps.append(stamp)
        self.users.append(self.names.setdefault(user, len(self.names)))

    def refuse(self, example: str) -> None:
        """Count a broken line, and keep the first few as examples."""
        self.broken += 1
        if len(self.examples) < EXAMPLES:
            self.examples.append(example)


def harvest_lines(lines: Iterable[str], layout: Layout) -> Harvest:
    """Read all lines of a file in one layout; the header and blank lines are no lines of the log."""
    harvest = Harvest()
    for number, line in enumerate(lines, start=1):
        if number <= layout.header_line or line.isspace():
            continue
        try:
            stamp, user = layout.parse(line)
        except BrokenLine as why:
            harvest.refuse(f"line {number}: {why}")
        else:
            harvest.add(stamp, user)
    return harvest


def check_harvest(harvest: Harvest, path: Path) -> None:
    """Raise InputError when what was read cannot be replayed: too broken, too few requests, or no time between them."""
    sound, broken = len(harvest.stamps), harvest.broken
    if broken > sound:
        trouble = (
            f"{broken} of {sound + broken} lines are broken" if sound else f"not one of {broken} lines is a request"
        )
        raise InputError(f"{path}: {trouble}, first {harvest.examples[0]}; allowed: at most half; {ALLOWED}")
    if sound < 2:
        raise InputError(f"{path}: {sound} requests; allowed: 2 or more")
    if min(harvest.stamps) == max(harvest.stamps):
        raise InputError(
            f"{path}: all {sound} requests bear the same instant, so they have no rate; allowed: 2 or more"
        )


T = TypeVar("T", bound=np.generic)

SAMPLE_LINES = 1000
"""Lines from which the format is told, so that a damaged start does not hide it."""
STEPS = tuple(int(10**zeros) for zeros in range(9, -1, -1))
"""Resolutions that a trace may have, in nanoseconds: 1 s, 0.1 s, ... 1 ns."""


@dataclass(frozen=True, eq=False)
class Trace:
    """The requests of a log in order of time; equal for any order of the log's lines.

    ``times`` (n,) are seconds from the earliest request, ascending. ``users`` (n,) are ids 0, 1, ... in order of first
    appearance; requests of one stamp are ordered by the user's name. ``users`` is None, and ``users_count`` 0, when
    the log tells no users: they are then drawn from the scenario's population. ``lines`` are the n requests and the
    ``broken`` lines, without header and blank lines; ``out_of_order`` counts lines that bear an earlier instant than
    the sound line before. ``resolution_s`` is the largest power of ten seconds, at most 1, that all stamps are
    multiples of, whatever number of digits is written. ``source`` is the file's name, ``sha256`` of its raw bytes.
    """

    source: str
    sha256: str
    format: str
    times: NDArray[np.float64]
    users: NDArray[np.int64] | None
    users_count: int
    lines: int
    broken: int
    broken_examples: tuple[str, ...]
    out_of_order: int
    resolution_s: float

    @property
    def length_s(self) -> float:
        """Seconds from the first stamp to the end of the last one."""
        return float(self.times[-1]) + self.resolution_s


@dataclass(frozen=True, eq=False)
class Arrivals:
    """Arrivals for a run: ``times`` (n,) in seconds, ascending, and ``users`` (n,) below ``users_count``, or None."""

    times: NDArray[np.float64]
    users: NDArray[np.int64] | None
    users_count: int


def read_trace(path: Path, *, time_column: str | None = None, user_column: str | None = None) -> Trace:
    """Read an access log (common, combined) or a CSV with a header, plain or gzipped, told from its content.

    Users are the client addresses of a log, or the values of ``user_column`` of a CSV. Raises InputError when the file
    cannot be read, is in no such format, lacks a column, is broken in more than half of its lines, holds fewer than two
    requests, or all of them at one instant.
    """
    with open_lines(path) as (lines, sha256):
        sample = list(islice(lines, SAMPLE_LINES))
        layout = recognise(sample, str(path), time_column, user_column)
        harvest = harvest_lines(chain(sample, lines), layout)
    check_harvest(harvest, path)
    stamps = np.array(harvest.stamps, dtype=np.int64)
    order, users = _in_time(stamps, harvest) if layout.has_users else (np.argsort(stamps), None)
    return Trace(
        source=path.name,
        sha256=sha256(),
        format=layout.format,
        times=_frozen((stamps[order] - stamps.min()) / SECOND),
        users=None if users is None else _frozen(users),
        users_count=len(harvest.names) if layout.has_users else 0,
        lines=len(stamps) + harvest.broken,
        broken=harvest.broken,
        broken_examples=tuple(harvest.examples),
        out_of_order=int(np.count_nonzero(np.diff(stamps) < 0)),
        resolution_s=_resolution(stamps),
    )


def replay(
    trace: Trace, *, speed_up: float = 1.0, copies: int = 1, jitter: NDArray[np.float64] | None = None
) -> Arrivals:
    """The arrivals of a trace, ``speed_up`` times as fast and ``copies`` times as many.

    Copy k is the trace shifted by k / ``copies`` of its length, wrapping around, with users of its own (id plus k times
    ``users_count``): the rate rises while each token is used as often as in the log, which a speed-up changes.
    Copies also level the log's daily curve, and cut a user's pattern once where it wraps.

    ``jitter`` (n,) in [0, 1), one per request of the trace and shared by its copies, places each request inside its
    stamp: stamps of 1 s would else arrive as batches. File order inside a stamp is ignored: servers write a line when
    the answer is sent, so it tells the order of ends, not of arrivals. Raises InputError for values out of range.
    """
    _check_replay(trace, speed_up, copies, jitter)
    times = trace.times if jitter is None else trace.times + jitter * trace.resolution_s
    times = np.minimum(times, np.nextafter(trace.length_s, 0.0))  # rounding must not carry the last one over the end
    shifted = times + np.arange(copies)[:, None] * (trace.length_s / copies)
    wrapped = np.where(shifted < trace.length_s, shifted, shifted - trace.length_s).ravel()
    order = np.argsort(wrapped, kind="stable")
    users = None
    if trace.users is not None:
        users = _frozen((trace.users + np.arange(copies)[:, None] * trace.users_count).ravel()[order])
    return Arrivals(_frozen(wrapped[order] / speed_up), users, trace.users_count * copies)


def requests_per_token(times: NDArray[np.float64], users: NDArray[np.int64], lifetime_s: float) -> float:
    """Mean number of requests of one user within one token (or cache entry) of ``lifetime_s`` seconds.

    A user's first request opens a window; the first request at or after its end opens the next, as a token is expired
    at its very ``exp`` (RFC 7519 section 4.1.4). ``times`` (n,) in any order, ``users`` (n,). Raises InputError without
    requests, or when the lifetime is negative.
    """
    if not lifetime_s >= 0 or len(times) == 0:
        raise InputError(f"lifetime_s = {lifetime_s} over {len(times)} requests; allowed: 0 or more, over 1 or more")
    order = np.lexsort((times, users))
    windows, owner, end = 0, None, -math.inf
    # Where a window opens depends on the window before: a plain loop over plain numbers, 0.1 s for a million.
    for user, time in zip(users[order].tolist(), times[order].tolist(), strict=True):
        if user != owner or time >= end:
            windows, owner, end = windows + 1, user, time + lifetime_s
    return len(times) / windows


def _check_replay(trace: Trace, speed_up: float, copies: int, jitter: NDArray[np.float64] | None) -> None:
    if not 0 < speed_up < math.inf:
        raise InputError(f"{trace.source}: speed_up = {speed_up}; allowed: a finite number above 0")
    if copies < 1:
        raise InputError(f"{trace.source}: copies = {copies}; allowed: 1 or more")
    if jitter is None:
        return
    if jitter.shape != trace.times.shape or not bool(((jitter >= 0) & (jitter < 1)).all()):
        raise InputError(f"{trace.source}: jitter; allowed: {len(trace.times)} numbers, 0 or more and below 1")


def _in_time(stamps: NDArray[np.int64], harvest: Harvest) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The order of time, then name, and the users in that order, numbered by first appearance."""
    met = np.array(harvest.users, dtype=np.int64)
    rank = np.empty(len(harvest.names), dtype=np.int64)
    rank[[harvest.names[name] for name in sorted(harvest.names)]] = np.arange(len(rank))
    order = np.lexsort((rank[met], stamps))
    _, first, user = np.unique(met[order], return_index=True, return_inverse=True)
    number = np.empty(len(rank), dtype=np.int64)
    number[np.argsort(first)] = np.arange(len(rank))
    return order, number[user]


def _resolution(stamps: NDArray[np.int64]) -> float:
    """Seconds: from the stamps and not from their text, as programs pad whole seconds with zeros."""
    divisor = int(np.gcd.reduce(stamps))
    return next(step for step in STEPS if divisor % step == 0) / SECOND


def _frozen(values: NDArray[T]) -> NDArray[T]:
    values.setflags(write=False)
    return values
