"""Token stores of an authorization server, by the name that a design uses."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from simlib.stores.base import SharedStore, StoreAnswer, TokenStore
from simlib.stores.memory import MemoryStore
from simlib.stores.postgresql import PostgresqlStore
from simlib.stores.redis_store import RedisStore
from simlib.stores.sqlite import SqliteStore

STORES: Mapping[str, Callable[[], TokenStore]] = MappingProxyType({"dict": MemoryStore, "sqlite": SqliteStore})
"""Name -> maker of an empty store; the SQLite one is in memory unless it is given a file."""

SERVER_STORES: Mapping[str, Callable[[str, str], PostgresqlStore | RedisStore]] = MappingProxyType(
    {"postgresql": PostgresqlStore, "redis": RedisStore}
)
"""Name -> maker of a store at the address of a server, under the name of a table or the beginning of keys."""

__all__ = [
    "SERVER_STORES",
    "STORES",
    "MemoryStore",
    "PostgresqlStore",
    "RedisStore",
    "SharedStore",
    "SqliteStore",
    "StoreAnswer",
    "TokenStore",
]
