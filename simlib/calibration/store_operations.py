"""Operations of token stores, on a table of ten thousand rows."""

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
from simlib.tokens import make_store_key

ROWS = 10_000
REQUESTS = 4096  # distinct requests per operation before they repeat
OWN_NAME = "simlib_calibration"
ELAPSED = ".elapsed"
"""Ending of an operation whose samples are seconds of the wall clock, the other process included."""

Addresses = Mapping[str, str]
"""Store -> address of its server, such as {"redis": "redis://127.0.0.1:6379/0"}."""


def list_store_operations(folder: Path, addresses: Addresses = MappingProxyType({})) -> list[Operation]:
    """List get, put, revoke, consume and list of each store; SQLite files are made in ``folder`` (WAL, NORMAL).

    Stores on a server are in the list by CPU seconds of the caller and, under a name with ELAPSED, by seconds of the
    wall clock until the answer.
    """
    local: Mapping[str, TokenStore] = {"dict": MemoryStore(), "sqlite": SqliteStore(folder / "tokens.sqlite")}
    # Each revocation makes a list longer, so lists are measured on tables of their own.
    lists: Mapping[str, TokenStore] = {"dict": MemoryStore(), "sqlite": SqliteStore(folder / "lists.sqlite")}
    remote = {name: SERVER_STORES[name](address, OWN_NAME) for name, address in addresses.items()}
    operations: list[Operation] = []
    for name, store in {**local, **remote}.items():
        _fill(store)
        operations += _list_operations(name, store)
    for name, store in lists.items():
        _fill(store)
        operations.append(_make_list_operation(name, store))
    waits = [replace(each, name=each.name + ELAPSED, elapsed=True) for each in operations if _find_kind(each) in remote]
    return [*operations, *waits]


def check_servers(addresses: Addresses) -> None:
    """Raise InputError, naming the option, when a server or its driver is missing."""
    for name, address in addresses.items():
        try:
            SERVER_STORES[name](address, OWN_NAME).close()
        except InputError as error:
            raise InputError(f"--{name}: {error}") from error


def clean_servers(addresses: Addresses) -> None:
    """Remove the rows that calibration wrote to servers; raises InputError when a server cannot be reached."""
    for name, address in addresses.items():
        with closing(SERVER_STORES[name](address, OWN_NAME)) as store:
            store.drop()


def _find_kind(operation: Operation) -> str:
    return operation.name.split(".")[1]


def _list_operations(name: str, store: TokenStore) -> list[Operation]:
    return [
        _make_operation(f"store.{name}.get", store, [StoreGet(_make_key(number)) for number in range(REQUESTS)]),
        _make_operation(
            f"store.{name}.put", store, [StorePut(_make_key(ROWS + n), _make_row(n)) for n in range(REQUESTS)]
        ),
        _make_operation(f"store.{name}.revoke", store, [StoreRevoke(_make_key(n), 1.0) for n in range(REQUESTS)]),
        _make_consume_operation(name, store),
    ]


def _make_consume_operation(name: str, store: TokenStore) -> Operation:
    """Make the consumption of a row; a row can be consumed once, so each run puts it anew."""
    key, row = _make_key(REQUESTS), _make_row(REQUESTS)
    return Operation(
        f"store.{name}.consume",
        lambda: store.execute(StoreConsume(key, 1.0)),
        prepare=lambda: store.execute(StorePut(key, row)),
    )


def _make_list_operation(name: str, store: TokenStore) -> Operation:
    for number in range(REVOKED):
        store.execute(StoreRevoke(_make_key(number), 2.0 + number))
    return Operation(f"store.{name}.list", lambda: store.execute(StoreRevokedSince(1.0, 0.0)))


def _make_operation(name: str, store: TokenStore, requests: Iterable[StoreRequest]) -> Operation:
    supply = cycle(requests)
    return Operation(name, lambda: store.execute(next(supply)))


def _fill(store: TokenStore) -> None:
    for number in range(ROWS):
        store.execute(StorePut(_make_key(number), _make_row(number)))


def _make_key(number: int) -> str:
    return make_store_key(str(number))


def _make_row(number: int) -> TokenRow:
    return TokenRow("access", f"user-{number:06d}", "web-shop", SCOPE, AUDIENCE, float(number), number + LIFETIME)
