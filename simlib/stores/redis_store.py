"""A token store in Redis: another process that keeps everything in memory. Needs the package redis."""

from typing import Any

from simlib.scenario.errors import InputError
from simlib.scenario.messages import StoreGet, StorePut, StoreRequest, StoreRevoke, TokenRow

TIMEOUT_S = 5.0

# The server runs a script as a whole, so the first revocation of a row stays whoever else is writing.
_REVOKE = """if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('HSETNX', KEYS[1], 'revoked_at', ARGV[1])
return 1"""


class RedisStore:
    """Key -> hash of the row's fields; see `TokenStore` for the answers. Rows do not expire by themselves.

    ``name`` stands before every key. Raises InputError, without any password, when driver or server are not there.
    """

    def __init__(self, url: str, name: str = "simlib:tokens") -> None:
        try:
            import redis
        except ImportError as error:
            raise InputError("Redis needs the package redis, as in the extra 'stores' of simlib") from error
        self._name = name
        try:
            self._client: Any = redis.Redis.from_url(
                url, decode_responses=True, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S
            )
            self._client.ping()
        except (redis.RedisError, OSError, ValueError) as error:
            # The driver's own words may repeat the address.
            raise InputError(f"Redis cannot be used at this address ({error.__class__.__name__})") from None
        self._revoke = self._client.register_script(_REVOKE)

    def execute(self, request: StoreRequest) -> TokenRow | bool | None:
        """Answer one request at once."""
        name = f"{self._name}:{request.key}"
        match request:
            case StoreGet():
                return _row(self._client.hgetall(name))
            case StorePut(_, row):
                fields = {field: value for field, value in row._asdict().items() if value is not None}
                # One transaction: a row that is replaced keeps nothing of the old one.
                self._client.pipeline(transaction=True).delete(name).hset(name, mapping=fields).execute()
                return None
            case StoreRevoke(_, at):
                return bool(self._revoke(keys=[name], args=[at]))

    def count_valid(self, now: float) -> int:
        """Rows that are neither expired nor revoked at ``now`` (seconds); reads every row."""
        rows = (_row(self._client.hgetall(name)) for name in self._names())
        return sum(
            row is not None and row.expires_at > now and (row.revoked_at is None or row.revoked_at > now)
            for row in rows
        )

    def drop(self) -> None:
        """Remove every row."""
        for name in list(self._names()):
            self._client.unlink(name)

    def close(self) -> None:
        """Close the connection; the rows stay."""
        self._client.close()

    def _names(self) -> Any:
        return self._client.scan_iter(match=f"{self._name}:*", count=1000)


def _row(fields: dict[str, str]) -> TokenRow | None:
    if not fields:
        return None
    revoked = fields.get("revoked_at")
    kind, subject, client_id, scope, audience = map(fields.__getitem__, TokenRow._fields[:5])
    issued_at, expires_at = float(fields["issued_at"]), float(fields["expires_at"])
    revoked_at = None if revoked is None else float(revoked)
    return TokenRow(kind, subject, client_id, scope, audience, issued_at, expires_at, revoked_at)
