"""Database host of a token store: its station, its link with a pool of connections, and the cost of a request.

Its rows are kept in memory here: the time is the scenario's, the answers are real."""

from functools import partial
from typing import Any

from simlib.engine.costs import SecondsOf
from simlib.engine.hosts import Handler
from simlib.engine.network import Host, Path
from simlib.scenario.effects import Compute, Flow
from simlib.scenario.hosts import (
    STORE,
    Database,
)
from simlib.scenario.messages import StoreReply, StoreRequest
from simlib.stores import TokenStore


def build_database_host(database: Database, host: str = STORE) -> Host:
    """The station of the database."""
    return Host(host, database.workers)


def build_database_path(database: Database, caller: str, host: str = STORE, call: str = "store.call") -> Path:
    """The way to it; a request is part of the caller's work and no question to another server."""
    link = database.link
    return Path(
        caller,
        host,
        link.round_trip,
        link.bandwidth,
        link.connections,
        link.keep_alive_s,
        link.connect_round_trips,
        call_out=call,
        call_in=None,
        behind=True,
    )


def list_database_costs(database: Database) -> dict[str, SecondsOf]:
    """CPU time per request at both ends."""
    return {"store.call": database.call, "store.work": database.work}


def build_database_handler(store: TokenStore) -> Handler:
    """Answers requests from the real rows."""

    def serve(request: StoreRequest) -> Flow[StoreReply]:
        answer: Any = yield Compute("store.work", partial(store.execute, request))
        return StoreReply(answer)

    return serve
