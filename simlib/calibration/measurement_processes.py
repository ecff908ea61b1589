"""Processes of a measurement: a fresh server and a fresh client, once plain and once with TLS.

Server and client run as modules of their own; the names that they agree on are here.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any

from simlib.calibration.store_operations import Addresses
from simlib.scenario.errors import InputError
from simlib.tokens.certificates import make_server_certificate

ADDRESS = "127.0.0.1"
CERTIFICATE, KEY, SAMPLES = "certificate.pem", "key.pem", "samples.json"  # files in the shared folder

KEPT = "kept"  # requests on a persistent connection
OPENED = "opened"  # requests that open a connection each
WARM_UP = "warm-up"  # requests that are not recorded

SETTLING = 2  # first requests of a row of equal ones, left out: they still meet the caches of another operation

ADDRESS_VARIABLE = "SIMLIB_CALIBRATION_{}"  # of the environment: addresses hold passwords, and others see arguments

REQUIRED_PACKAGES = ("aiohttp", "starlette", "uvicorn", "uvloop", "httptools")
"""Packages of the extra ``calibrate``, which only the processes of a measurement import."""
TLS_SHARE = 0.2  # of the time
CLIENT_TIMEOUT_S = 60.0  # seconds beyond the measuring time after which a client counts as stuck

Samples = dict[str, list[float]]
"""Operation -> CPU seconds, one per run."""


def measure_once(seconds: float, addresses: Addresses = MappingProxyType({})) -> Samples:
    """Measure all operations in one fresh server and one fresh client process, then the connections in two more.

    ``addresses`` are those of stores on servers. ``seconds`` is the time for both; each takes at least one round.
    Raises InputError when a process fails.
    """
    with TemporaryDirectory() as name:
        folder = Path(name)
        certificate, key = make_server_certificate(ADDRESS)
        (folder / CERTIFICATE).write_bytes(certificate)
        (folder / KEY).write_bytes(key)
        plain = _run_session(folder, seconds * (1 - TLS_SHARE), False, addresses)
        tls = _run_session(folder, seconds * TLS_SHARE, True, {})
    return {
        "http.call_in": plain["between"][KEPT],
        "http.call_out": plain["client"][KEPT],
        "http.connect_in": _subtract_kept(tls["between"]),
        "http.connect_out": _subtract_kept(tls["client"]),
        "http.connect_plain_in": _subtract_kept(plain["between"]),
        "http.connect_plain_out": _subtract_kept(plain["client"]),
        **plain["within"],
    }


def _subtract_kept(seconds: Mapping[str, Sequence[float]]) -> list[float]:
    """Compute the cost of a connection per call, beyond the median call on a kept one; never negative."""
    kept_median = median(seconds[KEPT])
    return [max(value - kept_median, 0.0) for value in seconds[OPENED]]


def _run_session(folder: Path, seconds: float, tls: bool, addresses: Addresses) -> Any:
    variables = {ADDRESS_VARIABLE.format(name.upper()): address for name, address in addresses.items()}
    with _start_process("server", [str(folder), *(["--tls"] if tls else [])], variables) as server:
        port = server.stdout.readline().strip() if server.stdout else ""
        if not port:
            raise InputError("the measuring server did not start; its message is above")
        base = f"{'https' if tls else 'http'}://{ADDRESS}:{port}"
        with _start_process("client", [base, str(seconds), str(folder)], {}) as client:
            _wait_for(client, seconds + CLIENT_TIMEOUT_S)
    return json.loads((folder / SAMPLES).read_text(encoding="utf-8"))


def _wait_for(client: subprocess.Popen[str], timeout_s: float) -> None:
    try:
        client.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired as error:
        raise InputError(
            f"the measuring client was not done after {timeout_s:g} s: is the machine too busy?"
        ) from error
    if client.returncode != 0:
        raise InputError("the measuring client failed; its message is above")


@contextmanager
def _start_process(module: str, arguments: list[str], variables: Mapping[str, str]) -> Iterator[subprocess.Popen[str]]:
    # A session of its own keeps Ctrl-C from reaching the child, which would answer it with a traceback.
    process = subprocess.Popen(
        [sys.executable, "-m", f"simlib.calibration.{module}", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **variables},
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()
