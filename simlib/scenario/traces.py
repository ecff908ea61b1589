"""Traces: real traffic logs as arrivals, replayed faster or denser, and the reuse of tokens in them.

A log is read line by line; broken lines are counted, and the first few are reported.
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
from simlib.scenario.texts import escape_controls
from simlib.scenario.trace_files import ALLOWED, open_lines
from simlib.scenario.trace_formats import SECOND, BrokenLine, Layout, recognise_layout

EXAMPLES = 5
"""Broken lines that are reported with number and reason; the others are counted."""


@dataclass
class LogContent:
    """Content of a log read so far; stamps in nanoseconds, users numbered in order of appearance."""

    stamps: "array[int]" = field(default_factory=lambda: array("q"))
    users: "array[int]" = field(default_factory=lambda: array("q"))
    names: dict[str, int] = field(default_factory=dict)
    broken: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, stamp: int, user: str) -> None:
        """Add a request."""
        self.stamps.append(stamp)
        self.users.append(self.names.setdefault(user, len(self.names)))

    def count_broken(self, example: str) -> None:
        """Count a broken line, and keep the first few as examples."""
        self.broken += 1
        if len(self.examples) < EXAMPLES:
            self.examples.append(example)


def read_lines(lines: Iterable[str], layout: Layout) -> LogContent:
    """Read all lines of a file in one layout, without its header and blank lines."""
    content = LogContent()
    for number, line in enumerate(lines, start=1):
        if number <= layout.header_line or line.isspace():
            continue
        try:
            stamp, user = layout.parse(line)
        except BrokenLine as reason:
            content.count_broken(f"line {number}: {reason}")
        else:
            content.add(stamp, user)
    return content


def check_content(content: LogContent, path: Path) -> None:
    """Raise InputError when a log cannot be replayed: too many broken lines, too few requests, or one instant only."""
    requests, broken = len(content.stamps), content.broken
    if broken > requests:
        mistake = (
            f"{broken} of {requests + broken} lines are broken" if requests else f"none of {broken} lines is a request"
        )
        raise InputError(f"{path}: {mistake}, first {content.examples[0]}; allowed: at most half; {ALLOWED}")
    if requests < 2:
        raise InputError(f"{path}: {requests} requests; allowed: 2 or more")
    if min(content.stamps) == max(content.stamps):
        raise InputError(
            f"{path}: all {requests} requests have the same time stamp, so they have no rate; allowed: 2 or more"
        )


T = TypeVar("T", bound=np.generic)

SAMPLE_LINES = 1000
"""Lines from which the format is recognised, so that a damaged start does not hide it."""
STEPS = tuple(int(10**zeros) for zeros in range(9, -1, -1))
"""Resolutions that a trace may have, in nanoseconds: 1 s, 0.1 s, ... 1 ns."""


@dataclass(frozen=True, eq=False)
class Trace:
    """The requests of a log in order of time; equal for any order of the log's lines.

    ``times`` (n,) are seconds from the earliest request, ascending. ``users`` (n,) are ids 0, 1, ... in order of first
    appearance; requests of one stamp are ordered by the user's name. ``users`` is None, and ``users_count`` 0, when
    the log has no users: they are then drawn from the scenario's population. ``lines`` are the n requests and the
    ``broken`` lines, without header and blank lines; ``out_of_order`` counts lines with an earlier time stamp than
    the valid line before. ``resolution_s`` is the largest power of ten seconds, at most 1, that all stamps are
    multiples of, for any number of written digits. ``source`` is the file's name, ``sha256`` of its raw bytes.
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
    """Read an access log (common, combined) or a CSV with a header, plain or gzipped, recognised from its content.

    Users are the client addresses of a log, or the values of ``user_column`` of a CSV. Raises InputError when the file
    cannot be read, is in no such format, lacks a column, has more than half of its lines broken, has fewer than two
    requests, or all of them at one instant.
    """
    with open_lines(path) as (lines, sha256):
        sample = list(islice(lines, SAMPLE_LINES))
        layout = recognise_layout(sample, str(path), time_column, user_column)
        content = read_lines(chain(sample, lines), layout)
    check_content(content, path)
    stamps = np.array(content.stamps, dtype=np.int64)
    order, users = _sort_by_time(stamps, content) if layout.has_users else (np.argsort(stamps), None)
    return Trace(
        source=escape_controls(path.name),
        sha256=sha256(),
        format=layout.format,
        times=_freeze((stamps[order] - stamps.min()) / SECOND),
        users=None if users is None else _freeze(users),
        users_count=len(content.names) if layout.has_users else 0,
        lines=len(stamps) + content.broken,
        broken=content.broken,
        broken_examples=tuple(content.examples),
        out_of_order=int(np.count_nonzero(np.diff(stamps) < 0)),
        resolution_s=_find_resolution(stamps),
    )


def replay(
    trace: Trace, *, speed_up: float = 1.0, copies: int = 1, jitter: NDArray[np.float64] | None = None
) -> Arrivals:
    """Replay a trace as arrivals, ``speed_up`` times as fast and ``copies`` times as many.

    Copy k is the trace shifted by k / ``copies`` of its length, wrapping around, with users of its own (id plus k times
    ``users_count``): the rate rises while each token is used as often as in the log, which a speed-up changes.
    Copies also level the log's daily curve, and cut a user's pattern once where it wraps.

    ``jitter`` (n,) in [0, 1), one per request of the trace and shared by its copies, places each request inside its
    stamp: requests with stamps of 1 s would else arrive as batches. File order inside a stamp is ignored: servers write
    a line when the answer is sent, so it is the order of ends, not of arrivals. Raises
    InputError for values out of range.
    """
    _check_replay(trace, speed_up, copies, jitter)
    times = trace.times if jitter is None else trace.times + jitter * trace.resolution_s
    times = np.minimum(times, np.nextafter(trace.length_s, 0.0))  # rounding must not move the last one beyond the end
    shifted = times + np.arange(copies)[:, None] * (trace.length_s / copies)
    wrapped = np.where(shifted < trace.length_s, shifted, shifted - trace.length_s).ravel()
    order = np.argsort(wrapped, kind="stable")
    users = None
    if trace.users is not None:
        users = _freeze((trace.users + np.arange(copies)[:, None] * trace.users_count).ravel()[order])
    return Arrivals(_freeze(wrapped[order] / speed_up), users, trace.users_count * copies)


def compute_requests_per_token(times: NDArray[np.float64], users: NDArray[np.int64], lifetime_s: float) -> float:
    """Compute the mean number of requests of one user within one token (or cache entry) of ``lifetime_s`` seconds.

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


def _sort_by_time(stamps: NDArray[np.int64], content: LogContent) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Sort by time, then name; returns the order, and the users in that order, numbered by first appearance."""
    read_users = np.array(content.users, dtype=np.int64)
    rank = np.empty(len(content.names), dtype=np.int64)
    rank[[content.names[name] for name in sorted(content.names)]] = np.arange(len(rank))
    order = np.lexsort((rank[read_users], stamps))
    _, first, user = np.unique(read_users[order], return_index=True, return_inverse=True)
    number = np.empty(len(rank), dtype=np.int64)
    number[np.argsort(first)] = np.arange(len(rank))
    return order, number[user]


def _find_resolution(stamps: NDArray[np.int64]) -> float:
    """Find the resolution in seconds: from the stamps and not from their text, as programs pad seconds with zeros."""
    divisor = int(np.gcd.reduce(stamps))
    return next(step for step in STEPS if divisor % step == 0) / SECOND


def _freeze(values: NDArray[T]) -> NDArray[T]:
    values.setflags(write=False)
    return values
