"""Signed tokens with a denylist in each replica, pushed by the AS (S9 of data/evidence/strategies.csv).

Telling every replica of a host something, from the authorization server, without waiting for one after the other.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from hmac import compare_digest
from typing import Any, ClassVar

from simlib.scenario.effects import Call, Compute, Context, Flow, Once, Reply, Verdict
from simlib.scenario.messages import HttpRequest
from simlib.strategies.base import Deployment, Presented, TokenFormat
from simlib.strategies.checks import positive
from simlib.strategies.denylist import Denylist, denied_of, identity_of, refuse_denied, refuse_nameless
from simlib.strategies.introspection import basic, json_object
from simlib.strategies.roles import Issuer, Validator, Wrapper
from simlib.strategies.wrappers import Around, AroundJwtIssuer, AroundValidator, confirmed


class Pusher:
    """Pushes JSON to all subscribers of a place. A push that fails is lost: nobody repeats it.

    Both ends know the credentials of the resource server; ``timeout_s`` bounds one push.
    """

    operations = frozenset({"json.encode"})

    def __init__(self, deployment: Deployment, place: str, timeout_s: float) -> None:
        self._targets = deployment.subscribers.get(place, ())
        self._authorization = basic(deployment.resource_server)
        self._timeout_s = timeout_s

    def push(self, message: Mapping[str, Any], key: str, wait: bool) -> Flow[None]:
        """Send one message, named by ``key``, to all at the same time, and wait for their answers if told to."""
        if not self._targets:
            return
        body = yield Compute("json.encode", lambda: json.dumps(message, separators=(",", ":")).encode())
        request, answered = HttpRequest(self._authorization, body), set[str]()
        for target in self._targets:
            yield Once(("push", target, key), partial(self._send, target, request, answered), wait=False)
        for target in self._targets if wait else ():
            if target not in answered:
                yield Once(("push", target, key), partial(self._send, target, request, answered))

    def _send(self, target: str, request: HttpRequest, answered: set[str]) -> Flow[None]:
        yield Call(target, request, self._timeout_s)
        answered.add(target)


def pushed(request: HttpRequest, deployment: Deployment) -> Flow[Mapping[str, Any] | Reply]:
    """The message of a push, or the refusal of one that is not from the authorization server or cannot be read."""
    ours = basic(deployment.resource_server).encode()
    known = yield Compute("client.authenticate", partial(compare_digest, request.authorization.encode(), ours))
    if not known:
        return Reply(401, b"", 'Basic realm="push"')
    message: Mapping[str, Any] | None = yield Compute("json.decode", partial(json_object, request.body))
    return Reply(400) if message is None else message


@dataclass(frozen=True)
class DenylistPushedSettings:
    """``timeout_s`` bounds one push."""

    timeout_s: float = 5.0

    def __post_init__(self) -> None:
        positive("timeout_s", self.timeout_s)


class DenylistPushed(Wrapper):
    """Revocations usually hold within the time of a call; no request asks anybody; a lost push is not repeated."""

    name: ClassVar[str] = "denylist_pushed"
    summary: ClassVar[str] = "revoked tokens pushed by the AS into each replica, delivery not guaranteed"
    formats: ClassVar[frozenset[TokenFormat]] = frozenset({"jwt"})
    at_edge: ClassVar[bool] = False
    Settings: ClassVar[type[DenylistPushedSettings]] = DenylistPushedSettings

    @staticmethod
    def operations(settings: DenylistPushedSettings, deployment: Deployment) -> frozenset[str]:
        """What it charges to a cost profile."""
        return frozenset({"json.decode", "cache.lookup", "client.authenticate"}) | Pusher.operations

    def __init__(self, settings: DenylistPushedSettings, deployment: Deployment) -> None:
        self._settings = settings
        self._deployment = deployment

    def around_issuer(self, issuer: Issuer) -> Issuer:
        """Revocations are pushed."""
        return _Pushing(issuer, self._settings, self._deployment)

    def around_validator(self, validator: Validator) -> Validator:
        """Takes in pushes, and refuses what they name."""
        return _Listening(validator, self._deployment)


class _Pushing(AroundJwtIssuer):
    def __init__(self, inner: Issuer, settings: DenylistPushedSettings, deployment: Deployment) -> None:
        super().__init__(inner)
        places = deployment.subscribers
        # The gateway is not asked: where there is one, the denylist is around the services behind it.
        self._pushers = [Pusher(deployment, place, settings.timeout_s) for place in places if place != "gateway"]

    def revoke(self, ctx: Context, token: str) -> Flow[bool]:
        """Revoke, and tell everybody without waiting for them."""
        claims = yield from self.revoked_claims(ctx, token)
        if claims is None:
            return False
        message = {name: claims[name] for name in ("iss", "jti", "exp")}
        for pusher in self._pushers:
            yield from pusher.push(message, f"denied {message['jti']}", wait=False)
        return True


class _Listening(AroundValidator):
    """The bound is that of the validator inside: a push may be lost, and then the token lives out its life."""

    def __init__(self, inner: Validator, deployment: Deployment) -> None:
        super().__init__(inner)
        self._deployment = deployment
        self._leeway_s = inner.bound().after_expiry_s

    def own_state(self) -> Denylist:
        """Nothing heard yet."""
        return Denylist()

    def validate(self, ctx: Context, state: Around, presented: Presented) -> Flow[Verdict]:
        """All other checks first, then a look at what was pushed."""
        verdict = yield from super().validate(ctx, state, presented)
        if not verdict.accepted:
            return verdict
        identity = identity_of(verdict.claims)
        if identity is None:
            return refuse_nameless(verdict)
        yield Compute("cache.lookup")
        if state.own.denies(*identity):
            return refuse_denied(verdict, verdict.based_on)
        return confirmed(verdict, ctx.now(), self._leeway_s)

    def receive(self, ctx: Context, state: Around, request: HttpRequest) -> Flow[Reply]:
        """Note one revoked token; a message of another kind is for the validator inside."""
        message = yield from pushed(request, self._deployment)
        if isinstance(message, Reply):
            return message
        if "jti" not in message:
            return (yield from super().receive(ctx, state, request))
        return Reply(self._note(state.own, message, ctx.now()))

    def _note(self, denylist: Denylist, message: Mapping[str, Any], now: float) -> int:
        """The HTTP status: an issuer has a say about its own tokens only."""
        denied = denied_of(message)
        if denied is None or denied.issuer != self._deployment.issuer:
            return 400
        denylist.add(denied, self._leeway_s, now)
        return 204
