"""Denylist in each replica, pushed by the authorization server, for signed tokens (S9 of
data/evidence/strategies.csv)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from simlib.scenario.effects import Compute, Context, Flow, Reply, Verdict
from simlib.scenario.messages import HttpRequest
from simlib.strategies.base import DeploymentConfig
from simlib.strategies.denylist import (
    Denylist,
    DenylistSettings,
    DenylistValidator,
    DenylistWrapper,
    read_denylist_entry,
    refuse_denied,
)
from simlib.strategies.protocols import Issuer, Validator
from simlib.strategies.server_push import Pusher, receive_push
from simlib.strategies.verdicts import confirm_verdict
from simlib.strategies.wrappers import JwtIssuerWrapper, WrapperState


@dataclass(frozen=True)
class DenylistPushedSettings(DenylistSettings):
    """``timeout_s`` bounds one push."""


class DenylistPushed(DenylistWrapper):
    """Revocations usually hold within the time of a call; no request makes a call; a lost push is not repeated."""

    name: ClassVar[str] = "denylist_pushed"
    summary: ClassVar[str] = "revoked tokens pushed by the AS into each replica, delivery not guaranteed"
    Settings: ClassVar[type[DenylistPushedSettings]] = DenylistPushedSettings

    @staticmethod
    def list_operations(settings: DenylistPushedSettings, deployment: DeploymentConfig) -> frozenset[str]:
        """List its operations in a cost profile."""
        return frozenset({"json.decode", "cache.lookup", "client.authenticate"}) | Pusher.operations

    def wrap_issuer(self, issuer: Issuer) -> Issuer:
        """Wrap the issuer: it pushes revocations."""
        return _PushingIssuer(issuer, self._settings, self._deployment)

    def wrap_validator(self, validator: Validator) -> Validator:
        """Wrap the validator: it receives pushes, and refuses the tokens that they name."""
        return _ReceivingValidator(validator, self._deployment)


class _PushingIssuer(JwtIssuerWrapper):
    def __init__(self, inner: Issuer, settings: DenylistPushedSettings, deployment: DeploymentConfig) -> None:
        super().__init__(inner)
        places = deployment.subscribers
        # The gateway gets none: where there is one, the denylist is around the services behind it.
        self._pushers = [Pusher(deployment, place, settings.timeout_s) for place in places if place != "gateway"]

    def revoke(self, ctx: Context, token: str) -> Flow[bool]:
        """Revoke, and push to all without waiting for their answers."""
        claims = yield from self.revoke_claims(ctx, token)
        if claims is None:
            return False
        message = {name: claims[name] for name in ("iss", "jti", "exp")}
        for pusher in self._pushers:
            yield from pusher.push(message, f"denied {message['jti']}", wait=False)
        return True


class _ReceivingValidator(DenylistValidator):
    """The bound is that of the validator inside: a push may be lost, and then the token is accepted until it ends."""

    def __init__(self, inner: Validator, deployment: DeploymentConfig) -> None:
        super().__init__(inner)
        self._deployment = deployment

    def create_wrapper_state(self) -> Denylist:
        """Create an empty list."""
        return Denylist()

    def _look_up(self, ctx: Context, own: Denylist, verdict: Verdict, identity: tuple[str, str]) -> Flow[Verdict]:
        yield Compute("cache.lookup")
        if own.is_denied(*identity):
            return refuse_denied(verdict, verdict.based_on)
        return confirm_verdict(verdict, ctx.now(), self._leeway_s)

    def receive(self, ctx: Context, state: WrapperState, request: HttpRequest) -> Flow[Reply]:
        """Record one revoked token; a message of another kind is for the validator inside."""
        message = yield from receive_push(request, self._deployment)
        if isinstance(message, Reply):
            return message
        if "jti" not in message:
            return (yield from super().receive(ctx, state, request))
        return Reply(self._record(state.own, message, ctx.now()))

    def _record(self, denylist: Denylist, message: Mapping[str, Any], now: float) -> int:
        """Add a token of the issuer itself to the list; returns the HTTP status."""
        entry = read_denylist_entry(message)
        if entry is None or entry.issuer != self._deployment.issuer:
            return 400
        denylist.add(entry, self._leeway_s, now)
        return 204
