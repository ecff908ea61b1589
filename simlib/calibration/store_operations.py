"""The operations of a profile that a token store does, on a table of ten thousand rows."""

from collections.abc import Iterable, Mapping
from itertools import cycle
from pathlib import Path

from simlib.calibration.clock import Operation
from simlib.calibration.operations import AUDIENCE, LIFETIME, SCOPE
from simlib.scenario.messages import StoreGet, StorePut, StoreRequest, StoreRevoke, TokenRow
from simlib.stores import MemoryStore, SqliteStore, TokenStore
from simlib.tokens import store_key

ROWS = 10_000
REQUESTS = 4096  # distinct requests per operation before they come round again


def store_operations(folder: Path) -> list[Operation]:
    """Get, put and revoke of each store; the SQLite file is made in ``folder`` (WAL, synchronous NORMAL)."""
    stores: Mapping[str, TokenStore] = {"dict": MemoryStore(), "sqlite": SqliteStore(folder / "tokens.sqlite")}
    operations: list[Operation] = []
    for name, store in stores.items():
        _fill(store)
        operations += [
            _operation(f"store.{name}.get", store, [StoreGet(_key(number)) for number in range(REQUESTS)]),
            _operation(f"store.{name}.put", store, [StorePut(_key(ROWS + n), _row(n)) for n in range(REQUESTS)]),
            _operation(f"store.{name}.revoke", store, [StoreRevoke(_key(n), 1.0) for n in range(REQUESTS)]),
        ]
    return operations


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
