"""Token stores of an authorization server, by the name that a design uses."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from simlib.stores.base import SharedStore, StoreAnswer, TokenStore
from simlib.stores.memory import MemoryStore
from simlib.stores.postgresql import PostgresqlStore
from simlib.stores.redis_store import RedisStore
from simlib.stores.sqlite import SqliteStore

STORES: Mapping[str, Callable[[], TokenStore]] = MappingProxyType({"dict": MemoryStore, "sqlite": SqliteStore})
"""Name -> constructor of an empty store; the SQLite one is in memory unless a file is passed."""

SERVER_STORES: Mapping[str, Callable[[str, str], PostgresqlStore | RedisStore]] = MappingProxyType(
    {"postgresql": PostgresqlStore, "redis": RedisStore}
)
"""Name -> constructor of a store at the address of a server, with the name of a table or the prefix of keys."""

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
