"""Reading a traffic log line by line: what is sound is kept, what is broken is counted and told."""

from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from simlib.scenario.errors import InputError
from simlib.scenario.trace_files import ALLOWED
from simlib.scenario.trace_formats import Layout
from simlib.scenario.trace_stamps import BrokenLine

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
