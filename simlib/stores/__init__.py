"""Token stores of an authorization server, by the name that a design uses."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from simlib.stores.base import TokenStore
from simlib.stores.memory import MemoryStore
from simlib.stores.sqlite import SqliteStore

STORES: Mapping[str, Callable[[], TokenStore]] = MappingProxyType({"dict": MemoryStore, "sqlite": SqliteStore})
"""Name -> maker of an empty store; the SQLite one is in memory unless it is given a file."""

__all__ = ["STORES", "MemoryStore", "SqliteStore", "TokenStore"]
