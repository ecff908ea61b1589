"""A calibration: the same measurement in several fresh processes, pooled, with what is known about its quality.

A profile from the first check of what the user gave to the file.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median
from types import MappingProxyType

from simlib.calibration.machine import LoadProbe, describe_machine
from simlib.calibration.protocol_operations import ENTRIES, HASH, PASSWORD, REVOKED, ROUNDS
from simlib.calibration.server import PATHS, sums_against_whole
from simlib.calibration.sessions import Samples, measure_once, require_packages
from simlib.calibration.store_operations import ELAPSED, Addresses, check_servers, leave_servers_clean
from simlib.calibration.table import render, write_whole
from simlib.scenario.errors import InputError
from simlib.scenario.profile import FEW_BYTES, MANY_BYTES
from simlib.tokens import jwe_is_available, paseto_is_available

BUSY_CORES = 0.3  # of other work, above which measured times are no good (evidence: testbed, 5)
FEW_SAMPLES = 1000  # below it the upper quantiles are those of a handful of runs

NO_SERVERS: Addresses = MappingProxyType({})

METHOD = {
    "unit": "CPU seconds of one thread per operation, closed loop with one request in flight",
    "in place": "operations run inside a request of the server; http.call_in is what the request costs around them",
    "claims": f"jwt.* with ten claims ({FEW_BYTES} bytes as JSON), jwt.*.40 with forty ({MANY_BYTES} bytes); "
    "RSA keys have 2048 bits where no other size is named",
    "connections": "http.connect_* is a full TLS 1.3 handshake (ECDSA P-256, self-signed, verified by the client) "
    "and the closing, http.connect_plain_* the same over TCP; both beyond the median call on a kept connection",
    "proofs": "dpop.* with ES256, a key of its own for each client; jwe.* around an ES256 token of ten claims, content "
    "A256GCM; paseto.* is v4.public with ten claims",
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
    """Measure once per round for ``seconds`` each; the pooled samples and what the profile says about itself.

    ``addresses`` are those of stores on servers, which are left as they were found.
    """
    before = LoadProbe.read()
    try:
        processes = [measure_once(seconds, addresses) for _ in rounds]
    finally:
        leave_servers_clean(addresses)
    foreign = before.foreign_cores(LoadProbe.read())
    pooled = {name: [value for samples in processes for value in samples[name]] for name in processes[0]}
    counts = [len(values) for name, values in pooled.items() if name != PASSWORD] or [0]
    about = {
        **describe_machine(),
        **METHOD,
        **(SERVERS if addresses else {}),
        **_left_out(),
        "processes": str(len(processes)),
        "samples": f"{min(counts)} to {max(counts)} per operation",
        "foreign load": "unknown" if foreign is None else f"{foreign:.2f} cores",
        **_notes(foreign, min(counts)),
        **_quality(processes, pooled),
    }
    return {name: values for name, values in pooled.items() if name not in PATHS}, about


def _left_out() -> dict[str, str]:
    """Rows that are not there because an optional package is not."""
    missing = [
        f"{rows} ({package} is not installed)"
        for rows, package, there in (
            ("jwe.*", "joserfc", jwe_is_available()),
            ("paseto.*", "pyseto", paseto_is_available()),
        )
        if not there
    ]
    return {"left out": ", ".join(missing)} if missing else {}


def _notes(foreign: float | None, samples: int) -> dict[str, str]:
    notes = []
    if foreign is not None and foreign > BUSY_CORES:
        notes.append(f"the machine was too busy with other work (more than {BUSY_CORES:g} cores): measure again")
    if samples < FEW_SAMPLES:
        notes.append(f"fewer than {FEW_SAMPLES} samples: upper quantiles say little")
    return {"note": "; ".join(notes)} if notes else {}


def _quality(processes: list[Samples], pooled: Mapping[str, list[float]]) -> dict[str, str]:
    checks = {
        f"check, {name}": f"{ratio:.2f} = sum of its parts / measured whole (medians)"
        for name, ratio in sums_against_whole(pooled).items()
    }
    spreads = {
        f"spread {name}": f"{spread([median(samples[name]) for samples in processes]):.1%}"
        for name in sorted(pooled)
        if name not in PATHS
    }
    return {**checks, **spreads}


def spread(medians: list[float]) -> float:
    """How far the processes' medians lie apart: greatest minus least, as a share of their mean."""
    middle = mean(medians)
    return (max(medians) - min(medians)) / middle if middle > 0 else 0.0


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
