"""Machine of a measurement: its description in the profile, and its load from other work."""

import datetime
import os
import platform
import sqlite3
import ssl
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from simlib.tokens.library_versions import list_library_versions

MEASURING_LIBRARIES = ("uvicorn", "uvloop", "httptools", "starlette", "aiohttp")
CPU_STATES = 8  # user to steal in /proc/stat; the guest states after them are counted in user already
IDLE_STATES = (3, 4)  # idle and waiting for a disk


def describe_machine() -> dict[str, str]:
    """Describe date, processor, kernel and the versions of all libraries that take part; no names and no paths."""
    return {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "machine": f"{_find_processor()}, {os.cpu_count()} cores",
        "kernel": f"{platform.system()} {platform.release().partition('-')[0]}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        **list_library_versions(),
        "sqlite": sqlite3.sqlite_version,
        "tls": ssl.OPENSSL_VERSION,
        **{name: version(name) for name in MEASURING_LIBRARIES},
    }


def _find_processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.machine())


@dataclass(frozen=True)
class LoadProbe:
    """Readings at one instant, in seconds: wall clock, CPU of all processes, CPU of this one and its children."""

    wall: float
    machine: float | None
    own: float

    @classmethod
    def read(cls) -> "LoadProbe":
        """Read all clocks; ``machine`` is None where the system has no /proc/stat."""
        times = os.times()
        own = times.user + times.system + times.children_user + times.children_system
        return cls(time.monotonic(), _read_busy_seconds(), own)

    def measure_foreign_load(self, later: "LoadProbe") -> float | None:
        """Measure the cores that other work (the hypervisor included) kept busy, on average between two readings."""
        if self.machine is None or later.machine is None or later.wall <= self.wall:
            return None
        foreign = (later.machine - self.machine) - (later.own - self.own)
        return max(foreign, 0.0) / (later.wall - self.wall)


def _read_busy_seconds() -> float | None:
    try:
        first = Path("/proc/stat").read_text(encoding="utf-8").partition("\n")[0]
    except OSError:
        return None
    ticks = [int(value) for value in first.split()[1 : 1 + CPU_STATES]]
    busy = sum(value for state, value in enumerate(ticks) if state not in IDLE_STATES)
    return busy / os.sysconf("SC_CLK_TCK")
