"""The measured server: uvicorn, uvloop, httptools and Starlette in a process of its own on 127.0.0.1.

Run as a module by `sessions`; the parent's end of standard input is its lifeline. It prints its port.

Takes the samples inside a server: what lies between two requests, and the operation within one.

Whole paths through a server, timed to see that the operations of a profile are disjoint parts of them.
"""

import argparse
import asyncio
import os
import socket
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from statistics import median

import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simlib.calibration.clock import NANOSECOND, Operation, cpu_nanoseconds, reading_cost, sample
from simlib.calibration.names import ADDRESS, ADDRESS_VARIABLE, CERTIFICATE, KEY, SETTLING
from simlib.calibration.operations import pure_operations
from simlib.calibration.store_operations import store_operations
from simlib.stores import SERVER_STORES


class Recorder:
    """Cuts the CPU time of a server with one request in flight into disjoint parts.

    ``between[name]`` holds the seconds from the end of the operation in one request to its start in the next:
    answering, waiting in the event loop, receiving. ``within[name]`` holds the seconds of the operation itself.
    """

    def __init__(self, operations: Iterable[Operation]) -> None:
        self._operations = {operation.name: operation for operation in operations}
        self._overhead = reading_cost()
        self._name = ""
        self._equal = 0
        self._left = 0
        self.between: defaultdict[str, list[float]] = defaultdict(list)
        self.within: defaultdict[str, list[float]] = defaultdict(list)

    def serve(self, name: str) -> None:
        """Do the operation of that name, if there is one, and note both parts."""
        gap = cpu_nanoseconds() - self._left - self._overhead
        self._equal = self._equal + 1 if name == self._name else 0
        self._name = name
        settled = self._equal >= SETTLING
        if settled:
            self.between[name].append(gap * NANOSECOND)
        operation = self._operations.get(name)
        if operation is not None:
            seconds = sample(operation, self._overhead)
            if settled:
                self.within[name].append(seconds)
        self._left = cpu_nanoseconds()

    @property
    def names(self) -> dict[str, bool]:
        """The operations it can do, and whether they are done in one row only."""
        return {name: operation.rare for name, operation in self._operations.items()}


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


ANSWER = b'{"active":true,"scope":"orders:read","client_id":"web-shop","sub":"user-000001"}'


def application(recorder: Recorder) -> Starlette:
    """An application that answers one small thing, and does an operation meanwhile when asked to."""

    async def run(request: Request) -> Response:
        await request.body()
        recorder.serve(request.path_params["name"])
        return Response(ANSWER, media_type="application/json")

    async def samples(_: Request) -> Response:
        return JSONResponse({"between": recorder.between, "within": recorder.within})

    async def names(_: Request) -> Response:
        return JSONResponse(recorder.names)

    routes = [
        Route("/run/{name}", run, methods=["POST"]),
        Route("/samples", samples),
        Route("/names", names),
    ]
    return Starlette(routes=routes)


async def _serve(operations: list[Operation], certificates: Path | None) -> None:
    listener = socket.socket()
    listener.bind((ADDRESS, 0))
    config = uvicorn.Config(
        application(Recorder(operations)),
        loop="uvloop",
        http="httptools",
        lifespan="off",
        log_level="error",
        access_log=False,
        ssl_certfile=certificates and str(certificates / CERTIFICATE),
        ssl_keyfile=certificates and str(certificates / KEY),
    )
    server = uvicorn.Server(config)

    def leave_with_parent() -> None:
        server.should_exit = not os.read(sys.stdin.fileno(), 1)

    asyncio.get_running_loop().add_reader(sys.stdin.fileno(), leave_with_parent)
    print(listener.getsockname()[1], flush=True)
    await server.serve(sockets=[listener])


def main() -> None:
    """Serve until standard input ends; with ``--tls`` the folder holds a certificate and there are no operations."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--tls", action="store_true")
    arguments = parser.parse_args()
    if arguments.tls:
        uvloop.run(_serve([], arguments.folder))
    else:
        stores = store_operations(arguments.folder, _addresses())
        uvloop.run(_serve(with_paths([*pure_operations(), *stores]), None))


def _addresses() -> dict[str, str]:
    given = {name: os.environ.get(ADDRESS_VARIABLE.format(name.upper())) for name in SERVER_STORES}
    return {name: address for name, address in given.items() if address is not None}


if __name__ == "__main__":
    main()
