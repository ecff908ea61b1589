"""Client of a measurement: aiohttp on uvloop, one request in flight, in a process of its own.

Run as a module by `simlib.calibration.measurement_processes`; writes the samples of both ends to a JSON file in the
shared folder.
"""

import argparse
import base64
import json
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import uvloop

from simlib.calibration.clock import compute_cpu_seconds, measure_reading_cost, read_cpu_ns
from simlib.calibration.measurement_processes import CERTIFICATE, KEPT, OPENED, SAMPLES, SETTLING, WARM_UP

ROW = 14  # equal requests in a row
WARM_UP_ROWS = 10
BODY = b"token=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU&token_type_hint=access_token"
HEADERS = {
    "Authorization": "Basic " + base64.b64encode(b"orders-service:" + b"s" * 43).decode(),
    "Content-Type": "application/x-www-form-urlencoded",
}


class Client:
    """Calls one server and records the client's CPU seconds per call, by kind of connection."""

    def __init__(self, base: str, certificate: Path | None) -> None:
        self._base = base
        self._tls = _build_tls_context(certificate) if certificate else True
        self._overhead = measure_reading_cost()
        self.seconds: dict[str, list[float]] = {KEPT: [], OPENED: []}

    @asynccontextmanager
    async def open_session(self, keep: bool) -> AsyncIterator[aiohttp.ClientSession]:
        """Open a session whose connections are kept between calls, or closed after each."""
        connector = aiohttp.TCPConnector(force_close=not keep, ssl=self._tls)
        async with aiohttp.ClientSession(self._base, connector=connector, headers=HEADERS) as open_session:
            yield open_session

    async def call_row(self, session: aiohttp.ClientSession, name: str) -> None:
        """Make a row of equal calls; calls without an operation are the client's samples."""
        for number in range(ROW):
            start = read_cpu_ns()
            async with session.post(f"/run/{name}", data=BODY) as answer:
                await answer.read()
            if number >= SETTLING and name in self.seconds:
                self.seconds[name].append(compute_cpu_seconds(start, self._overhead))

    async def measure(self, until: float) -> dict[str, Any]:
        """Make rounds of rows of every kind until an instant of the monotonic clock; returns both ends' samples."""
        async with self.open_session(keep=True) as kept, self.open_session(keep=False) as opened:
            names: dict[str, bool] = await _get(kept, "/names")
            for _ in range(WARM_UP_ROWS):
                await self.call_row(kept, WARM_UP)
            for name in (name for name, rare in names.items() if rare):
                await self.call_row(kept, name)
            often = [name for name, rare in names.items() if not rare]
            while True:
                for name in [KEPT, *often]:
                    await self.call_row(kept, name)
                await self.call_row(opened, OPENED)
                if time.monotonic() >= until:
                    return {**await _get(kept, "/samples"), "client": self.seconds}


def _build_tls_context(certificate: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=certificate)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    return context


async def _get(session: aiohttp.ClientSession, path: str) -> Any:
    async with session.get(path) as answer:
        return await answer.json()


def main() -> None:
    """Measure the server at a base address for some seconds."""
    parser = argparse.ArgumentParser()
    parser.add_argument("base")
    parser.add_argument("seconds", type=float)
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    until = time.monotonic() + arguments.seconds
    certificate = arguments.folder / CERTIFICATE if arguments.base.startswith("https:") else None
    samples = uvloop.run(Client(arguments.base, certificate).measure(until))
    (arguments.folder / SAMPLES).write_text(json.dumps(samples), encoding="utf-8")


if __name__ == "__main__":
    main()
