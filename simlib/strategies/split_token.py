"""Split token: the client gets the signature of a JWT, the gateway the rest (S13 of data/evidence/strategies.csv)."""

from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from simlib.scenario.effects import Call, Compute, Context, Flow, Once
from simlib.scenario.messages import SharedPut, StorePut, TokenRow
from simlib.strategies.base import Deployment, Grant, Issued
from simlib.strategies.checks import positive
from simlib.strategies.grant_details import claims_for
from simlib.strategies.pushing import Pusher
from simlib.strategies.signing_reference_token import SigningReferenceToken, SigningReferenceTokenSettings
from simlib.strategies.split_messages import REVOKED, shared_key
from simlib.tokens import ACCESS_TOKEN_TYPE, from_numeric_date, header_of, store_key


@dataclass(frozen=True)
class SplitTokenSettings(SigningReferenceTokenSettings):
    """``shared``: the gateway's half goes to the shared store instead of to each of its replicas.

    ``wait_for_push``: the client gets its half only when the gateways have theirs or have failed to take it; without
    it a client can be quicker than the push. ``timeout_s`` bounds one push.
    """

    shared: bool = False
    wait_for_push: bool = True
    timeout_s: float = 5.0

    def __post_init__(self) -> None:
        super().__post_init__()
        positive("timeout_s", self.timeout_s)


class SplitToken(SigningReferenceToken):
    """Neither half is worth anything alone; the server knows its tokens by the hash of the client's half."""

    name: ClassVar[str] = "split_token"
    summary: ClassVar[str] = "the client holds the signature of a JWT, the gateway is pushed header and payload"
    Settings: ClassVar[type[Any]] = SplitTokenSettings

    @staticmethod
    def operations(settings: SplitTokenSettings, deployment: Deployment) -> frozenset[str]:
        """What it charges to a cost profile."""
        pushing = frozenset() if settings.shared else Pusher.operations
        made = SigningReferenceToken.operations(settings, deployment) - {"opaque.issue"}
        return made | pushing | {"token.hash"}

    @staticmethod
    def needs(settings: SplitTokenSettings) -> frozenset[str]:
        """Somebody who puts the halves together."""
        return frozenset({"gateway:split_token"} | ({"shared_store"} if settings.shared else set()))

    def __init__(self, settings: SplitTokenSettings, deployment: Deployment) -> None:
        super().__init__(settings, deployment)
        self._settings = settings
        self._pusher = Pusher(deployment, "gateway", settings.timeout_s)

    def issue(self, ctx: Context, grant: Grant) -> Flow[Issued]:
        """Sign, write the row, hand the gateway its half, and the client the signature."""
        claims = claims_for(ctx, grant, self._deployment)
        signed = yield from self._signer(claims, ACCESS_TOKEN_TYPE)
        head, _, signature = signed.rpartition(".")
        key = yield Compute("token.hash", partial(store_key, signature))
        issued_at, expires_at = from_numeric_date(claims["iat"]), from_numeric_date(claims["exp"])
        yield Call("store", StorePut(key, self._row(grant, issued_at, expires_at)))
        yield from self._tell(key, head, expires_at)
        return Issued(signature, grant.subject, issued_at, expires_at)

    def inspect(self, ctx: Context, token: str) -> Flow[TokenRow | None]:
        """The row of a signature; a service that asks about the whole JWT means the one whose signature it has."""
        if header_of(token).get("kid") == self._key.kid:
            whole = yield from super().inspect(ctx, token)
            return None if whole is None else (yield from super().inspect(ctx, token.rpartition(".")[2]))
        return (yield from super().inspect(ctx, token))

    def revoke(self, ctx: Context, token: str) -> Flow[bool]:
        """Mark the row and take the gateway's half away; a gateway that does not hear of it goes on."""
        known = yield from super().revoke(ctx, token)
        if known:
            key = yield Compute("token.hash", partial(store_key, token))
            yield from self._tell(key, REVOKED, ctx.now() + self._deployment.token_lifetime_s)
        return known

    def _tell(self, key: str, head: str, until: float) -> Flow[None]:
        wait = self._settings.wait_for_push
        if self._settings.shared:
            yield Once(("push", key, head), partial(self._share, key, head, until), wait=wait)
        else:
            message = {"key": key, "head": head, "until": until}
            yield from self._pusher.push(message, f"{key} {len(head)}", wait)

    def _share(self, key: str, head: str, until: float) -> Flow[None]:
        yield Call("shared", SharedPut(shared_key(key), head.encode(), until), self._settings.timeout_s)
