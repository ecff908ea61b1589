"""Split token at the authorization server: the client gets the signature of a JWT, the gateway the rest (S13 of
data/evidence/strategies.csv).

Also the messages by which the gateway gets its half."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from simlib.scenario.effects import Call, Compute, Context, Flow, Once
from simlib.scenario.messages import SharedPut, StorePut, TokenRow
from simlib.strategies.base import DeploymentConfig, Grant, Issued
from simlib.strategies.introspection_client import Introspection
from simlib.strategies.issued_claims import build_claims
from simlib.strategies.reference_token import SigningReferenceToken, SigningReferenceTokenSettings
from simlib.strategies.server_push import Pusher
from simlib.strategies.settings_checks import check_numbers
from simlib.tokens import ACCESS_TOKEN_TYPE, from_numeric_date, make_store_key, read_header, read_payload

REVOKED = ""
"""The half of a token that has been revoked."""

_KEY_LENGTH = 64


@dataclass(frozen=True)
class SplitTokenIssuerSettings(SigningReferenceTokenSettings):
    """``shared``: the gateway's half goes to the shared store instead of to each of its replicas.

    ``wait_for_push``: the client gets its half only when the gateways have theirs or the push has failed; without it
    a client can be faster than the push. ``timeout_s`` bounds one push.
    """

    shared: bool = False
    wait_for_push: bool = True
    timeout_s: float = 5.0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_numbers(self, positive=("timeout_s",))


class SplitTokenIssuer(SigningReferenceToken):
    """Neither half is valid alone; the server finds its tokens by the hash of the client's half."""

    name: ClassVar[str] = "split_token"
    summary: ClassVar[str] = "the client holds the signature of a JWT, the gateway is pushed header and payload"
    Settings: ClassVar[type[Any]] = SplitTokenIssuerSettings

    @staticmethod
    def list_operations(settings: SplitTokenIssuerSettings, deployment: DeploymentConfig) -> frozenset[str]:
        """List its operations in a cost profile."""
        pushing = frozenset() if settings.shared else Pusher.operations
        signing = SigningReferenceToken.list_operations(settings, deployment) - {"opaque.issue"}
        return signing | pushing | {"token.hash"}

    @staticmethod
    def list_requirements(settings: SplitTokenIssuerSettings) -> frozenset[str]:
        """List the gateway that joins the halves."""
        return frozenset({"gateway:split_token"} | ({"shared_store"} if settings.shared else set()))

    def __init__(self, settings: SplitTokenIssuerSettings, deployment: DeploymentConfig) -> None:
        super().__init__(settings, deployment)
        self._settings = settings
        self._pusher = Pusher(deployment, "gateway", settings.timeout_s)

    def issue(self, ctx: Context, grant: Grant) -> Flow[Issued]:
        """Sign, write the row, send the gateway its half, and the client the signature."""
        claims = build_claims(ctx, grant, self._deployment)
        signed = yield from self._signer(claims, ACCESS_TOKEN_TYPE)
        head, _, signature = signed.rpartition(".")
        key = yield Compute("token.hash", partial(make_store_key, signature))
        issued_at, expires_at = from_numeric_date(claims["iat"]), from_numeric_date(claims["exp"])
        yield Call("store", StorePut(key, self._build_row(grant, issued_at, expires_at)))
        yield from self._send_half(key, head, expires_at)
        return Issued(signature, grant.subject, issued_at, expires_at)

    def inspect(self, ctx: Context, token: str) -> Flow[TokenRow | None]:
        """Find the row of a signature; a whole JWT, as services have it, stands for the row of its signature."""
        if read_header(token).get("kid") == self._key.kid:
            whole = yield from super().inspect(ctx, token)
            return None if whole is None else (yield from super().inspect(ctx, token.rpartition(".")[2]))
        return (yield from super().inspect(ctx, token))

    def revoke(self, ctx: Context, token: str) -> Flow[bool]:
        """Mark the row and remove the gateway's half; a gateway that the push does not reach still accepts."""
        was_found = yield from super().revoke(ctx, token)
        if was_found:
            key = yield Compute("token.hash", partial(make_store_key, token))
            yield from self._send_half(key, REVOKED, ctx.now() + self._deployment.token_lifetime_s)
        return was_found

    def _send_half(self, key: str, head: str, until: float) -> Flow[None]:
        wait = self._settings.wait_for_push
        if self._settings.shared:
            yield Once(("push", key, head), partial(self._store_half, key, head, until), wait=wait)
        else:
            message = {"key": key, "head": head, "until": until}
            yield from self._pusher.push(message, f"{key} {len(head)}", wait)

    def _store_half(self, key: str, head: str, until: float) -> Flow[None]:
        yield Call("shared", SharedPut(format_shared_key(key), head.encode(), until), self._settings.timeout_s)


def format_shared_key(key: str) -> str:
    """Format the key of the shared store for a half; ``key`` is the hash of the client's half."""
    return f"split:{key}"


def read_half(head: str, now: float) -> Introspection | None:
    """Read a half as an introspection result; None when it is malformed. ``now`` in seconds."""
    if head == REVOKED:
        return Introspection({"active": False}, now)
    claims = read_payload(f"{head}.signature")
    if claims is None or not _is_number(claims.get("exp")):
        return None
    issued = claims.get("iat")
    issued_at = from_numeric_date(issued) if isinstance(issued, int | float) else now
    return Introspection({**claims, "active": True}, min(issued_at, now), head)


def read_push(message: Mapping[str, Any], now: float) -> tuple[str, Introspection, float] | None:
    """Read key, half and its end (seconds) from a push; None when the message is malformed."""
    match message:
        case {"key": str(key), "head": str(head), "until": until} if len(key) == _KEY_LENGTH and _is_number(until):
            half = read_half(head, now)
            return None if half is None else (key, half, float(until))
    return None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
