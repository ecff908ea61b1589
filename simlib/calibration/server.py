"""The measured server: uvicorn, uvloop, httptools and Starlette in a process of its own on 127.0.0.1.

Run as a module by `sessions`; the parent's end of standard input is its lifeline. It prints its port.
"""

import argparse
import asyncio
import os
import socket
import sys
from pathlib import Path

import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simlib.calibration.clock import Operation
from simlib.calibration.names import ADDRESS, ADDRESS_VARIABLE, CERTIFICATE, KEY
from simlib.calibration.operations import pure_operations
from simlib.calibration.paths import with_paths
from simlib.calibration.recorder import Recorder
from simlib.calibration.store_operations import store_operations
from simlib.stores import SERVER_STORES

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
