"""The operations of a profile that a token store does, on a table of ten thousand rows."""

from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import replace
from itertools import cycle
from pathlib import Path
from types import MappingProxyType

from simlib.calibration.clock import Operation
from simlib.calibration.inputs import AUDIENCE, LIFETIME, SCOPE
from simlib.calibration.protocol_operations import REVOKED
from simlib.scenario.errors import InputError
from simlib.scenario.messages import (
    StoreConsume,
    StoreGet,
    StorePut,
    StoreRequest,
    StoreRevoke,
    StoreRevokedSince,
    TokenRow,
)
from simlib.stores import SERVER_STORES, MemoryStore, SqliteStore, TokenStore
from simlib.tokens import store_key

ROWS = 10_000
REQUESTS = 4096  # distinct requests per operation before they come round again
OWN_NAME = "simlib_calibration"
ELAPSED = ".elapsed"
"""Ending of an operation whose samples are seconds that passed, the other process included, and not CPU seconds."""

Addresses = Mapping[str, str]
"""Store -> address of its server, such as {"redis": "redis://127.0.0.1:6379/0"}."""


def store_operations(folder: Path, addresses: Addresses = MappingProxyType({})) -> list[Operation]:
    """Get, put, revoke, consume and list of each store; SQLite files are made in ``folder`` (WAL, synchronous NORMAL).

    Stores on a server are in the list by CPU seconds of the caller and, under a name with ELAPSED, by seconds that
    pass until the answer is there.
    """
    local: Mapping[str, TokenStore] = {"dict": MemoryStore(), "sqlite": SqliteStore(folder / "tokens.sqlite")}
    # What revoking leaves behind would make a list longer and longer, so lists come from tables of their own.
    lists: Mapping[str, TokenStore] = {"dict": MemoryStore(), "sqlite": SqliteStore(folder / "lists.sqlite")}
    remote = {name: SERVER_STORES[name](address, OWN_NAME) for name, address in addresses.items()}
    operations: list[Operation] = []
    for name, store in {**local, **remote}.items():
        _fill(store)
        operations += _operations(name, store)
    for name, store in lists.items():
        _fill(store)
        operations.append(_listing(name, store))
    waits = [replace(each, name=each.name + ELAPSED, elapsed=True) for each in operations if _kind(each) in remote]
    return [*operations, *waits]


def check_servers(addresses: Addresses) -> None:
    """Raise InputError, naming the option, when a server or its driver is not there."""
    for name, address in addresses.items():
        try:
            SERVER_STORES[name](address, OWN_NAME).close()
        except InputError as error:
            raise InputError(f"--{name}: {error}") from error


def leave_servers_clean(addresses: Addresses) -> None:
    """Remove what calibration wrote to servers; raises InputError like a store."""
    for name, address in addresses.items():
        with closing(SERVER_STORES[name](address, OWN_NAME)) as store:
            store.drop()


def _kind(operation: Operation) -> str:
    return operation.name.split(".")[1]


def _operations(name: str, store: TokenStore) -> list[Operation]:
    return [
        _operation(f"store.{name}.get", store, [StoreGet(_key(number)) for number in range(REQUESTS)]),
        _operation(f"store.{name}.put", store, [StorePut(_key(ROWS + n), _row(n)) for n in range(REQUESTS)]),
        _operation(f"store.{name}.revoke", store, [StoreRevoke(_key(n), 1.0) for n in range(REQUESTS)]),
        _consuming(name, store),
    ]


def _consuming(name: str, store: TokenStore) -> Operation:
    """A row can be used up once, so each run gets it anew."""
    key, row = _key(REQUESTS), _row(REQUESTS)
    return Operation(
        f"store.{name}.consume",
        lambda: store.execute(StoreConsume(key, 1.0)),
        prepare=lambda: store.execute(StorePut(key, row)),
    )


def _listing(name: str, store: TokenStore) -> Operation:
    for number in range(REVOKED):
        store.execute(StoreRevoke(_key(number), 2.0 + number))
    return Operation(f"store.{name}.list", lambda: store.execute(StoreRevokedSince(1.0, 0.0)))


def _operation(name: str, store: TokenStore, requests: Iterable[StoreRequest]) -> Operation:
    supply = cycle(requests)
    return Operation(name, lambda: store.execute(next(supply)))


def _fill(store: TokenStore) -> None:
    for number in range(ROWS):
        store.execute(StorePut(_key(number), _row(number)))


def _key(number: int) -> str:
    return store_key(str(number))


def _row(number: int) -> TokenRow:
    return TokenRow("access", f"user-{number:06d}", "web-shop", SCOPE, AUDIENCE, float(number), number + LIFETIME)
