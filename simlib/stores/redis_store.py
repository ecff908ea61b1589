"""Token store in Redis: another process with all data in memory. Needs the package redis."""

from collections.abc import Iterator
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

TIMEOUT_S = 5.0

# The server runs a script atomically, so the first revocation of a row is not overwritten by a concurrent one. A sorted
# set beside the rows holds the names of the revoked ones by instant.
_MARK = """local row = redis.call('HGETALL', KEYS[1])
if #row > 0 and redis.call('HSETNX', KEYS[1], 'revoked_at', ARGV[1]) == 1 then
    redis.call('ZADD', KEYS[2], ARGV[1], KEYS[1])
end
"""
_REVOKE = _MARK + "return #row"
_CONSUME = _MARK + "return row"


class RedisStore:
    """Key -> hash of the row's fields; see `TokenStore` for the results. Rows do not expire by themselves.

    ``name`` is the prefix of every key. Raises InputError, without any password, when driver or server is missing.
    """

    def __init__(self, url: str, name: str = "simlib:tokens") -> None:
        require_packages("Redis", ("redis",), "stores")
        import redis

        self._name = name
        self._revoked = f"{name}.revoked"
        try:
            self._client: Any = redis.Redis.from_url(
                url, decode_responses=True, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S
            )
            self._client.ping()
        except (redis.RedisError, OSError, ValueError) as error:
            # The driver's own message may contain the address.
            raise InputError(f"Redis cannot be used at this address ({error.__class__.__name__})") from None
        self._revoke = self._client.register_script(_REVOKE)
        self._consume = self._client.register_script(_CONSUME)

    def execute(self, request: StoreRequest) -> StoreAnswer:
        """Execute one request and return its result."""
        match request:
            case StoreGet(key):
                return _read_row(self._client.hgetall(self._make_name(key)))
            case StorePut(key, row):
                self._put(self._make_name(key), row)
                return None
            case StoreRevoke(key, at):
                return bool(self._revoke(keys=[self._make_name(key), self._revoked], args=[at]))
            case StoreConsume(key, at):
                pairs = self._consume(keys=[self._make_name(key), self._revoked], args=[at])
                return _read_row(dict(zip(pairs[::2], pairs[1::2], strict=True)))
            case StoreRevokedSince(since, now):
                return tuple(self._list_revoked_since(since, now))

    def count_valid(self, now: float) -> int:
        """Count rows that are neither expired nor revoked at ``now`` (seconds); reads every row."""
        rows = (_read_row(self._client.hgetall(name)) for name in self._scan_names())
        return sum(
            row is not None and row.expires_at > now and (row.revoked_at is None or row.revoked_at > now)
            for row in rows
        )

    def drop(self) -> None:
        """Remove every row."""
        for name in [self._revoked, *self._scan_names()]:
            self._client.unlink(name)

    def close(self) -> None:
        """Close the connection; the rows stay."""
        self._client.close()

    def _put(self, name: str, row: TokenRow) -> None:
        fields = {field: value for field, value in row._asdict().items() if value is not None}
        # One transaction: a replaced row has no fields of the old one.
        commands = self._client.pipeline(transaction=True).delete(name).hset(name, mapping=fields)
        if row.revoked_at is None:
            commands.zrem(self._revoked, name)
        else:
            commands.zadd(self._revoked, {name: row.revoked_at})
        commands.execute()

    def _list_revoked_since(self, since: float, now: float) -> Iterator[tuple[str, TokenRow]]:
        names = self._client.zrangebyscore(self._revoked, f"({since!r}", "+inf")
        for name in names:
            row = _read_row(self._client.hgetall(name))
            if row is not None and row.expires_at > now:
                yield name.removeprefix(f"{self._name}:"), row

    def _make_name(self, key: str) -> str:
        return f"{self._name}:{key}"

    def _scan_names(self) -> Any:
        return self._client.scan_iter(match=f"{self._name}:*", count=1000)


def _read_row(fields: dict[str, str]) -> TokenRow | None:
    if not fields:
        return None
    revoked = fields.get("revoked_at")
    kind, subject, client_id, scope, audience = map(fields.__getitem__, TokenRow._fields[:5])
    issued_at, expires_at = float(fields["issued_at"]), float(fields["expires_at"])
    revoked_at = None if revoked is None else float(revoked)
    details = fields.get("details", "")
    return TokenRow(kind, subject, client_id, scope, audience, issued_at, expires_at, revoked_at, details)
