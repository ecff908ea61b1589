"""Calibration campaign: the same measurement in several fresh processes, pooled, with checks of its quality.

`make_profile` does it from the check of its arguments to the finished file. The head of a profile describes the machine
and its load from other work.
"""

import datetime
import os
import platform
import sqlite3
import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import mean, median
from types import MappingProxyType

from simlib.calibration.format_operations import OPTIONAL_OPERATIONS
from simlib.calibration.measurement_processes import REQUIRED_PACKAGES, Samples, measure_once
from simlib.calibration.operations import PATHS, compare_paths
from simlib.calibration.profile_writer import format_profile, replace_file
from simlib.calibration.protocol_operations import ENTRIES, HASH, PASSWORD, REVOKED, ROUNDS
from simlib.calibration.store_operations import ELAPSED, Addresses, check_servers, clean_servers
from simlib.scenario.errors import InputError, require_packages
from simlib.scenario.profile import FEW_BYTES, MANY_BYTES
from simlib.tokens.formats import list_library_versions

BUSY_CORES = 0.3  # of other work, above which measured times are unusable (evidence: testbed, 5)
FEW_SAMPLES = 1000  # below it the upper quantiles are those of a handful of runs

NO_SERVERS: Addresses = MappingProxyType({})

METHOD = {
    "unit": "CPU seconds of one thread per operation, closed loop with one request in flight",
    "in place": "operations run inside a request of the server; http.call_in is what the request costs around them",
    "claims": f"jwt.* with ten claims ({FEW_BYTES} bytes as JSON), jwt.*.40 with forty ({MANY_BYTES} bytes); "
    "RSA keys have 2048 bits where no other size is named",
    "connections": "http.connect_* is a full TLS 1.3 handshake (ECDSA P-256, self-signed, verified by the client) "
    "and the closing, http.connect_plain_* the same over TCP; both beyond the median call on a kept connection",
    "proofs": "; ".join(
        ("dpop.* with ES256, a key of its own for each client", *(each.note for each in OPTIONAL_OPERATIONS))
    ),
    "passwords": f"{PASSWORD} is PBKDF2 with HMAC-{HASH.upper()} and {ROUNDS} rounds (OWASP Password Storage Cheat "
    "Sheet, Keycloak 24), where a simulated server only compares; done in one row of each process",
    "lists": f"status_list.* with {ENTRIES} places, {REVOKED} of them revoked, without the signature; store.*.list "
    f"answers with {REVOKED} rows of 10000",
}

SERVERS = {
    "stores on servers": f"store.*.* is CPU of the caller; with the ending {ELAPSED}, seconds until the answer is "
    "there, by the wall clock; table and server as this machine has them"
}


def calibrate(
    seconds: float, rounds: Iterable[int], addresses: Addresses = NO_SERVERS
) -> tuple[Samples, dict[str, str]]:
    """Measure once per round for ``seconds`` each; returns the pooled samples and the head of the profile.

    ``addresses`` are those of stores on servers; the calibration removes what it wrote to them.
    """
    before = LoadProbe.read()
    try:
        processes = [measure_once(seconds, addresses) for _ in rounds]
    finally:
        clean_servers(addresses)
    foreign = before.measure_foreign_load(LoadProbe.read())
    pooled = {name: [value for samples in processes for value in samples[name]] for name in processes[0]}
    counts = [len(values) for name, values in pooled.items() if name != PASSWORD] or [0]
    about = {
        **describe_machine(),
        **METHOD,
        **(SERVERS if addresses else {}),
        **_list_left_out(),
        "processes": str(len(processes)),
        "samples": f"{min(counts)} to {max(counts)} per operation",
        "foreign load": "unknown" if foreign is None else f"{foreign:.2f} cores",
        **_make_notes(foreign, min(counts)),
        **_check_quality(processes, pooled),
    }
    return {name: values for name, values in pooled.items() if name not in PATHS}, about


def _list_left_out() -> dict[str, str]:
    """List the rows that are missing because an optional package is."""
    missing = [
        f"{each.rows} ({each.token_format.package} is not installed)"
        for each in OPTIONAL_OPERATIONS
        if not each.token_format.is_installed
    ]
    return {"left out": ", ".join(missing)} if missing else {}


def _make_notes(foreign: float | None, samples: int) -> dict[str, str]:
    notes = []
    if foreign is not None and foreign > BUSY_CORES:
        notes.append(f"the machine was too busy with other work (more than {BUSY_CORES:g} cores): measure again")
    if samples < FEW_SAMPLES:
        notes.append(f"fewer than {FEW_SAMPLES} samples: upper quantiles say little")
    return {"note": "; ".join(notes)} if notes else {}


def _check_quality(processes: list[Samples], pooled: Mapping[str, list[float]]) -> dict[str, str]:
    checks = {
        f"check, {name}": f"{ratio:.2f} = sum of its parts / measured whole (medians)"
        for name, ratio in compare_paths(pooled).items()
    }
    spreads = {
        f"spread {name}": f"{compute_spread([median(samples[name]) for samples in processes]):.1%}"
        for name in sorted(pooled)
        if name not in PATHS
    }
    return {**checks, **spreads}


def compute_spread(medians: list[float]) -> float:
    """Compute the range of the processes' medians: greatest minus least, as a share of their mean."""
    middle = mean(medians)
    return (max(medians) - min(medians)) / middle if middle > 0 else 0.0


PROCESSES, SECONDS = 5, 170.0
"""Default number of processes, and measuring time of all together in seconds."""
MOST_PROCESSES, LONGEST_S = 1000, 86_400
"""Most processes, each of which takes seconds to start, and longest measuring time: a day."""


@dataclass(frozen=True)
class CalibrationResult:
    """A written profile: its path, its number of operations, and the entries of its head."""

    path: Path
    operations: int
    about: Mapping[str, str]

    @property
    def is_trusted(self) -> bool:
        """Whether the machine was idle and there are enough samples."""
        return "note" not in self.about


def make_profile(
    out: Path,
    processes: int = PROCESSES,
    seconds: float = SECONDS,
    addresses: Addresses = NO_SERVERS,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> CalibrationResult:
    """Measure in fresh processes and write ``out``; raises InputError for bad arguments before any measurement.

    ``seconds`` is the measuring time of all processes together. When it ends early, nothing is written.
    """
    if not 1 <= processes <= MOST_PROCESSES:
        raise InputError(f"--processes {processes}: allowed: 1 to {MOST_PROCESSES:,}")
    if not 0 <= seconds <= LONGEST_S:
        raise InputError(f"--seconds {seconds:g}: allowed: 0 to {LONGEST_S:,} s for all processes together")
    if out.suffix != ".csv" or not os.access(out.parent, os.W_OK) or out.is_dir():
        raise InputError(f"--out {out}: must be a .csv file in a folder that exists and can be written to")
    require_packages("calibration", REQUIRED_PACKAGES, "calibrate")
    check_servers(addresses)
    samples, about = calibrate(seconds / processes, _iterate_rounds(processes, progress), addresses)
    try:
        replace_file(out, format_profile(samples, about))
    except OSError as error:
        raise InputError(f"--out {out}: cannot be written ({error.strerror})") from error
    return CalibrationResult(out, len(samples), MappingProxyType(about))


def _iterate_rounds(processes: int, progress: Callable[[int, int], None]) -> Iterator[int]:
    progress(0, processes)
    for number in range(processes):
        yield number
        progress(number + 1, processes)


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
