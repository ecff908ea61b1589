"""Server of a measurement: uvicorn, uvloop, httptools and Starlette in a process of its own on 127.0.0.1.

Run as a module by `simlib.calibration.measurement_processes`; it prints its port, and stops when its standard input
ends. A recorder inside takes the samples: the time between two requests, and that of the operation within one. Whole
paths through a server are timed as well, to check that the operations of a profile are disjoint parts of them.
"""

import argparse
import asyncio
import os
import socket
import sys
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simlib.calibration.clock import NANOSECOND, Operation, measure_reading_cost, read_cpu_ns, sample
from simlib.calibration.measurement_processes import ADDRESS, ADDRESS_VARIABLE, CERTIFICATE, KEY, SETTLING
from simlib.calibration.operations import add_paths, list_pure_operations
from simlib.calibration.store_operations import list_store_operations
from simlib.stores import SERVER_STORES


class Recorder:
    """Recorder of the CPU time of a server with one request in flight, in disjoint parts.

    ``between[name]`` holds the seconds from the end of the operation in one request to its start in the next:
    answering, waiting in the event loop, receiving. ``within[name]`` holds the seconds of the operation itself.
    """

    def __init__(self, operations: Iterable[Operation]) -> None:
        self._operations = {operation.name: operation for operation in operations}
        self._overhead = measure_reading_cost()
        self._name = ""
        self._equal = 0
        self._left = 0
        self.between: defaultdict[str, list[float]] = defaultdict(list)
        self.within: defaultdict[str, list[float]] = defaultdict(list)

    def serve(self, name: str) -> None:
        """Run the operation of that name, if there is one, and record both parts."""
        gap = read_cpu_ns() - self._left - self._overhead
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
        self._left = read_cpu_ns()

    @property
    def names(self) -> dict[str, bool]:
        """Operation -> whether it is run in one row only."""
        return {name: operation.rare for name, operation in self._operations.items()}


ANSWER = b'{"active":true,"scope":"orders:read","client_id":"web-shop","sub":"user-000001"}'


def build_application(recorder: Recorder) -> Starlette:
    """Build an application with a small answer, which runs an operation when the request names one."""

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
        build_application(Recorder(operations)),
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
        stores = list_store_operations(arguments.folder, _read_addresses())
        uvloop.run(_serve(add_paths([*list_pure_operations(), *stores]), None))


def _read_addresses() -> dict[str, str]:
    addresses = {name: os.environ.get(ADDRESS_VARIABLE.format(name.upper())) for name in SERVER_STORES}
    return {name: address for name, address in addresses.items() if address is not None}


if __name__ == "__main__":
    main()
