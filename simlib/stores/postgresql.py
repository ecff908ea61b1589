"""Token store in PostgreSQL: another process, and often another machine. Needs the package psycopg."""

from typing import Any

from simlib.scenario.errors import InputError, require_packages
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

CONNECT_TIMEOUT_S = 5

_TABLE = """CREATE TABLE IF NOT EXISTS {name} (
    key text PRIMARY KEY, kind text NOT NULL, subject text NOT NULL, client_id text NOT NULL, scope text NOT NULL,
    audience text NOT NULL, issued_at float8 NOT NULL, expires_at float8 NOT NULL, revoked_at float8,
    details text NOT NULL DEFAULT '')"""
_ADD_DETAILS = "ALTER TABLE {name} ADD COLUMN IF NOT EXISTS details text NOT NULL DEFAULT ''"
# A partial index of revoked rows, so that writing a valid token costs nothing more.
_INDEX = "CREATE INDEX IF NOT EXISTS {name}_revoked ON {name} (revoked_at) WHERE revoked_at IS NOT NULL"
_ROW = "kind, subject, client_id, scope, audience, issued_at, expires_at, revoked_at, details"
_GET = f"SELECT {_ROW} FROM {{name}} WHERE key = %s"
_PUT = f"""INSERT INTO {{name}} (key, {_ROW}) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT (key) DO UPDATE SET ({_ROW}) = (EXCLUDED.kind, EXCLUDED.subject, EXCLUDED.client_id, EXCLUDED.scope,
    EXCLUDED.audience, EXCLUDED.issued_at, EXCLUDED.expires_at, EXCLUDED.revoked_at, EXCLUDED.details)"""
_REVOKE = "UPDATE {name} SET revoked_at = coalesce(revoked_at, %s) WHERE key = %s"
# The inner statement waits for the lock on the row and then reads it as its last writer left it.
_CONSUME = f"""UPDATE {{name}} SET revoked_at = coalesce({{name}}.revoked_at, %s)
    FROM (SELECT key AS same, {_ROW} FROM {{name}} WHERE key = %s FOR UPDATE) AS before WHERE key = before.same
    RETURNING {", ".join(f"before.{column}" for column in _ROW.split(", "))}"""
_REVOKED_SINCE = f"""SELECT key, {_ROW} FROM {{name}} WHERE revoked_at > %s AND expires_at > %s
    ORDER BY revoked_at, key COLLATE "C\""""
_COUNT = "SELECT count(*) FROM {name} WHERE expires_at > %s AND (revoked_at IS NULL OR revoked_at > %s)"


class PostgresqlStore:
    """Key -> row in one table; see `TokenStore` for the results. Every write is a transaction of its own.

    ``name`` is the table. Raises InputError, without any password, when the driver or the server is missing.
    """

    def __init__(self, url: str, name: str = "simlib_tokens") -> None:
        require_packages("PostgreSQL", ("psycopg",), "stores")
        try:
            import psycopg
        except ImportError as error:  # installed without its binary, and the system has no libpq
            raise InputError("PostgreSQL needs psycopg with libpq: pip install 'simlib[stores]'") from error
        self._name = name
        try:
            self._connection: Any = psycopg.connect(url, autocommit=True, connect_timeout=CONNECT_TIMEOUT_S)
            for statement in (_TABLE, _ADD_DETAILS, _INDEX):
                self._connection.execute(self._fill_in_name(statement))
        except (psycopg.Error, OSError) as error:
            # The driver's own message may contain the address.
            raise InputError(f"PostgreSQL cannot be used at this address ({error.__class__.__name__})") from None

    def execute(self, request: StoreRequest) -> StoreAnswer:
        """Execute one request and return its result."""
        match request:
            case StoreGet(key):
                return _read_row(self._execute(_GET, key).fetchone())
            case StorePut(key, row):
                self._execute(_PUT, key, *row)
                return None
            case StoreRevoke(key, at):
                return bool(self._execute(_REVOKE, at, key).rowcount)
            case StoreConsume(key, at):
                return _read_row(self._execute(_CONSUME, at, key).fetchone())
            case StoreRevokedSince(since, now):
                return tuple(
                    (key, TokenRow(*row)) for key, *row in self._execute(_REVOKED_SINCE, since, now).fetchall()
                )

    def count_valid(self, now: float) -> int:
        """Count rows that are neither expired nor revoked at ``now`` (seconds); reads the whole table."""
        return int(self._execute(_COUNT, now, now).fetchone()[0])

    def drop(self) -> None:
        """Remove the table."""
        self._connection.execute(self._fill_in_name("DROP TABLE IF EXISTS {name}"))

    def close(self) -> None:
        """Close the connection; the table stays."""
        self._connection.close()

    def _execute(self, text: str, *values: Any) -> Any:
        return self._connection.execute(self._fill_in_name(text), values)

    def _fill_in_name(self, text: str) -> str:
        return text.format(name=self._name)


def _read_row(fields: tuple[Any, ...] | None) -> TokenRow | None:
    return None if fields is None else TokenRow(*fields)
