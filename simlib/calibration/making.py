"""A profile from the first check of what the user gave to the file."""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from simlib.calibration.campaign import NO_SERVERS, calibrate
from simlib.calibration.sessions import require_packages
from simlib.calibration.store_operations import Addresses, check_servers
from simlib.calibration.table import render, write_whole
from simlib.scenario.errors import InputError

PROCESSES, SECONDS = 5, 170.0
"""How often and how long, in all, when nothing else is asked for."""


@dataclass(frozen=True)
class Made:
    """A profile that was written: where, how many operations it holds, and what it says about itself."""

    path: Path
    operations: int
    about: Mapping[str, str]

    @property
    def trusted(self) -> bool:
        """Whether nothing speaks against it: the machine was quiet and there are samples enough."""
        return "note" not in self.about


def make_profile(
    out: Path,
    processes: int = PROCESSES,
    seconds: float = SECONDS,
    addresses: Addresses = NO_SERVERS,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Made:
    """Measure in fresh processes and write ``out``; raises InputError before any measuring that would be in vain.

    ``seconds`` is the measuring time of all processes together. When anything ends it early, nothing is written.
    """
    if processes < 1 or not 0 <= seconds < float("inf"):
        raise InputError(f"--processes {processes} --seconds {seconds:g}: at least 1 process and 0 seconds are needed")
    if out.suffix != ".csv" or not os.access(out.parent, os.W_OK) or out.is_dir():
        raise InputError(f"--out {out}: must be a .csv file in a folder that exists and can be written to")
    require_packages()
    check_servers(addresses)
    samples, about = calibrate(seconds / processes, _rounds(processes, progress), addresses)
    try:
        write_whole(out, render(samples, about))
    except OSError as error:
        raise InputError(f"--out {out}: cannot be written ({error.strerror})") from error
    return Made(out, len(samples), MappingProxyType(about))


def _rounds(processes: int, progress: Callable[[int, int], None]) -> Iterator[int]:
    progress(0, processes)
    for number in range(processes):
        yield number
        progress(number + 1, processes)
