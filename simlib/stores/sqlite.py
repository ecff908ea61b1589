"""A token store in SQLite: a real database with a journal, in a file or in memory."""

import sqlite3
from pathlib import Path

from simlib.scenario.errors import InputError
from simlib.scenario.messages import StoreGet, StorePut, StoreRequest, StoreRevoke, TokenRow

IN_MEMORY = ":memory:"

# One text per statement: the module prepares a text once and then finds it again.
_TABLE = """CREATE TABLE IF NOT EXISTS tokens (
    key TEXT PRIMARY KEY NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    client_id TEXT NOT NULL,
    scope TEXT NOT NULL,
    audience TEXT NOT NULL,
    issued_at REAL NOT NULL,
    expires_at REAL NOT NULL,
    revoked_at REAL
) WITHOUT ROWID"""
_GET = """SELECT kind, subject, client_id, scope, audience, issued_at, expires_at, revoked_at
    FROM tokens WHERE key = ?"""
_PUT = "REPLACE INTO tokens VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
_REVOKE = "UPDATE tokens SET revoked_at = coalesce(revoked_at, ?) WHERE key = ?"
_COUNT = "SELECT count(*) FROM tokens WHERE expires_at > :now AND (revoked_at IS NULL OR revoked_at > :now)"


class SqliteStore:
    """Key -> row in a table; see `TokenStore` for the answers. Every write is a transaction of its own.

    A file is written with a write-ahead log and synchronous NORMAL, the usual setting for a server: a crash of
    the machine may lose the last transactions but never the file. Raises InputError when the file is no database.
    """

    def __init__(self, path: str | Path = IN_MEMORY) -> None:
        try:
            self._connection = sqlite3.connect(path, isolation_level=None)
        except sqlite3.Error as error:
            raise InputError(f"{path}: cannot be opened as a token store ({error})") from error
        try:
            self._prepare()
        except sqlite3.Error as error:
            self._connection.close()
            raise InputError(f"{path}: cannot be used as a token store ({error})") from error

    def execute(self, request: StoreRequest) -> TokenRow | bool | None:
        """Answer one request at once."""
        match request:
            case StoreGet(key):
                found = self._connection.execute(_GET, (key,)).fetchone()
                return None if found is None else TokenRow(*found)
            case StorePut(key, row):
                self._connection.execute(_PUT, (key, *row))
                return None
            case StoreRevoke(key, at):
                return self._connection.execute(_REVOKE, (at, key)).rowcount > 0

    def count_valid(self, now: float) -> int:
        """Rows that are neither expired nor revoked at ``now`` (seconds); reads the whole table."""
        return int(self._connection.execute(_COUNT, {"now": now}).fetchone()[0])

    def close(self) -> None:
        """Close the database; a file keeps its rows."""
        self._connection.close()

    def _prepare(self) -> None:
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.execute(_TABLE)
