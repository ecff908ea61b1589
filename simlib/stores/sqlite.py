"""Token store in SQLite: a database with a journal, in a file or in memory."""

import sqlite3
from pathlib import Path

from simlib.scenario.effects import new_tuple
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
from simlib.stores.base import StoreAnswer

IN_MEMORY = ":memory:"

# One text per statement: the module caches prepared statements by their text.
_TABLE = """CREATE TABLE IF NOT EXISTS tokens (
    key TEXT PRIMARY KEY NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    client_id TEXT NOT NULL,
    scope TEXT NOT NULL,
    audience TEXT NOT NULL,
    issued_at REAL NOT NULL,
    expires_at REAL NOT NULL,
    revoked_at REAL,
    details TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID"""
_COLUMNS = "SELECT name FROM pragma_table_info('tokens')"
_ADD_DETAILS = "ALTER TABLE tokens ADD COLUMN details TEXT NOT NULL DEFAULT ''"
# A partial index of revoked rows, so that writing a valid token costs nothing more.
_INDEX = "CREATE INDEX IF NOT EXISTS tokens_revoked ON tokens (revoked_at, key) WHERE revoked_at IS NOT NULL"
_ROW = "kind, subject, client_id, scope, audience, issued_at, expires_at, revoked_at, details"
_GET = f"SELECT {_ROW} FROM tokens WHERE key = ?"
_PUT = "REPLACE INTO tokens VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_REVOKE = "UPDATE tokens SET revoked_at = coalesce(revoked_at, ?) WHERE key = ?"
_REVOKED_SINCE = f"""SELECT key, {_ROW} FROM tokens WHERE revoked_at > ? AND expires_at > ?
    ORDER BY revoked_at, key"""
_COUNT = "SELECT count(*) FROM tokens WHERE expires_at > :now AND (revoked_at IS NULL OR revoked_at > :now)"


class SqliteStore:
    """Key -> row in a table; see `TokenStore` for the results. Every write is a transaction of its own.

    A file is written with a write-ahead log and synchronous NORMAL, the usual setting for a server: a crash of
    the machine may lose the last transactions but never the file. Raises InputError when the file is no database.
    """

    def __init__(self, path: str | Path = IN_MEMORY) -> None:
        try:
            self._connection = sqlite3.connect(path, isolation_level=None)
            self._reading = self._connection.cursor()  # one for all reads of single rows: a new one per read is felt
        except sqlite3.Error as error:
            raise InputError(f"{path}: cannot be opened as a token store ({error})") from error
        try:
            self._prepare()
        except sqlite3.Error as error:
            self._connection.close()
            raise InputError(f"{path}: cannot be used as a token store ({error})") from error

    def execute(self, request: StoreRequest) -> StoreAnswer:
        """Execute one request and return its result."""
        if request.__class__ is StoreGet:
            return self._get(request.key)
        match request:
            case StoreGet(key):
                return self._get(key)
            case StorePut(key, row):
                self._connection.execute(_PUT, (key, *row))
                return None
            case StoreRevoke(key, at):
                return self._connection.execute(_REVOKE, (at, key)).rowcount > 0
            case StoreConsume(key, at):
                return self._consume(key, at)
            case StoreRevokedSince(since, now):
                rows = self._connection.execute(_REVOKED_SINCE, (since, now))
                return tuple((key, TokenRow(*row)) for key, *row in rows)

    def count_valid(self, now: float) -> int:
        """Count rows that are neither expired nor revoked at ``now`` (seconds); reads the whole table."""
        return int(self._connection.execute(_COUNT, {"now": now}).fetchone()[0])

    def close(self) -> None:
        """Close the database; a file keeps its rows."""
        self._connection.close()

    def _get(self, key: str) -> TokenRow | None:
        fields = self._reading.execute(_GET, (key,)).fetchone()
        return None if fields is None else new_tuple(TokenRow, fields)

    def _consume(self, key: str, at: float) -> TokenRow | None:
        # IMMEDIATE: the write lock is acquired before the row is read, so no other writer can read it in between.
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            row = self._get(key)
            if row is not None and row.revoked_at is None:
                self._connection.execute(_REVOKE, (at, key))
        finally:
            self._connection.execute("COMMIT")
        return row

    def _prepare(self) -> None:
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.execute(_TABLE)
        if ("details",) not in self._connection.execute(_COLUMNS).fetchall():  # a file of an earlier version
            self._connection.execute(_ADD_DETAILS)
        self._connection.execute(_INDEX)
