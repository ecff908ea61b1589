"""Whole paths through a server, timed to see that the operations of a profile are disjoint parts of them."""

from collections.abc import Mapping, Sequence
from functools import partial
from statistics import median

from simlib.calibration.clock import Operation

PATHS: Mapping[str, tuple[str, ...]] = {
    "path of a JWT at the resource server": ("jwt.verify.RS256", "claims.check"),
    "path of an introspection at the authorization server": (
        "form.decode",
        "client.authenticate",
        "token.hash",
        "store.dict.get",
        "json.encode",
    ),
}
"""Name -> the operations that a server does one after the other within one request."""


def with_paths(operations: Sequence[Operation]) -> list[Operation]:
    """The operations and, after them, one more for each path."""
    runs = {operation.name: operation.run for operation in operations}

    def run(parts: tuple[str, ...]) -> None:
        for part in parts:
            runs[part]()

    return [*operations, *(Operation(name, partial(run, parts)) for name, parts in PATHS.items())]


def sums_against_whole(samples: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """Path -> sum of its parts' medians over the median of the whole path; 1 where the parts are disjoint."""
    return {
        name: sum(median(samples[part]) for part in parts) / median(samples[name])
        for name, parts in PATHS.items()
        if name in samples
    }
