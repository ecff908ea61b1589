"""Tokens bound to a key of the client, shown by a proof with each request (RFC 9449; S19 of strategies.csv)."""

import json
from functools import partial
from typing import Any, ClassVar

from simlib.scenario.effects import Compute, Context, Flow, Reply
from simlib.scenario.messages import HttpRequest
from simlib.scenario.verdict import Verdict
from simlib.strategies import refusals
from simlib.strategies.around import Around, AroundValidator
from simlib.strategies.base import Deployment, Grant, Presented, TokenFormat
from simlib.strategies.binding import binding_server, bound_to, confirmation_of
from simlib.strategies.confirming import confirmed
from simlib.strategies.dpop_checks import DpopSettings, Judged, ProofChecks
from simlib.strategies.dpop_client import METHODS, ClientKeys, Proving, uris_of
from simlib.strategies.dpop_seen import SeenProofs
from simlib.strategies.roles import Endpoint, Presenter, Validator, Wrapper
from simlib.tokens import ALGORITHMS, ProofVerification

MEMBER = "jkt"


class Dpop(Wrapper):
    """A stolen token is of no use without the client's private key, and a proof is good for one request."""

    name: ClassVar[str] = "dpop"
    summary: ClassVar[str] = "token bound to a key of the client, who signs a proof for each request"
    formats: ClassVar[frozenset[TokenFormat]] = frozenset({"opaque", "jwt", "encrypted", "paseto"})
    at_edge: ClassVar[bool] = True
    Settings: ClassVar[type[DpopSettings]] = DpopSettings

    @staticmethod
    def operations(settings: DpopSettings, deployment: Deployment) -> frozenset[str]:
        """Signing at the client, verifying and remembering at both servers."""
        asking = {"json.encode", "json.decode"} if settings.nonce_s else {"json.encode"}
        return frozenset({"dpop.sign", "dpop.verify", "cache.lookup", "claims.check", *asking})

    def __init__(self, settings: DpopSettings, deployment: Deployment) -> None:
        self._settings = settings
        self._deployment = deployment
        self._clients = ClientKeys()
        self._seen: dict[Context, SeenProofs] = {}  # at the token endpoint; each replica has a context of its own

    def around_validator(self, validator: Validator) -> Validator:
        """The proof must fit the request and the key of the token."""
        return _Bound(validator, self._settings, self._deployment)

    def around_presenter(self, presenter: Presenter) -> Presenter:
        """Calls to API and token endpoint carry a proof."""
        return Proving(presenter, self._clients, self._deployment)

    def around_endpoint(self, target: str, endpoint: Endpoint) -> Endpoint:
        """Whoever proves a key at the token endpoint gets tokens bound to it (section 5)."""
        if target != "token":
            return endpoint
        return _TokenEndpoint(endpoint, self._settings, self._deployment, self._seen)

    def grant_before(self, user: int, grant: Grant) -> Grant:
        """Bound to the key of that user's client."""
        return bound_to(grant, {MEMBER: self._clients.thumbprint(user)})


class _Bound(AroundValidator):
    def __init__(self, inner: Validator, settings: DpopSettings, deployment: Deployment) -> None:
        super().__init__(inner)
        self.binds = True
        self._settings = settings
        self._leeway_s = inner.bound().after_expiry_s
        self._checks = ProofChecks(settings, "api", deployment.resource_server.client_secret)
        self._uri = uris_of(deployment)["api"]

    def own_state(self) -> SeenProofs:
        """No proof seen yet."""
        return SeenProofs(self._settings.capacity)

    def validate(self, ctx: Context, state: Around, presented: Presented) -> Flow[Verdict]:
        """Proof, token, whether they belong together, and whether the proof is new (section 7.1)."""
        if not presented.proof and presented.scheme != "dpop":
            return (yield from self._without_proof(ctx, state, presented))
        judged = yield from self._checks.verify(ctx, self._verification(presented))
        if judged.error:
            return self._refused(ctx, judged)
        verdict = yield from super().validate(ctx, state, presented)
        if not verdict.accepted:
            return verdict
        yield Compute("claims.check")
        expected = confirmation_of(verdict, MEMBER)
        # Neither a bound token as a bearer token, nor one of nobody with somebody's proof (section 7.2).
        if presented.scheme != "dpop" or not expected:
            return _refusal("scheme" if expected else "unbound", "invalid_token", verdict.based_on)
        if expected != judged.proof.thumbprint:
            return _refusal("key", "invalid_token", verdict.based_on)
        judged = yield from self._checks.first_use(ctx, state.own, judged.proof)
        if judged.error:
            return self._refused(ctx, judged)
        confirmed_now = confirmed(verdict, ctx.now(), self._leeway_s)
        return confirmed_now._replace(nonce=self._checks.nonce(ctx.now()))

    def _without_proof(self, ctx: Context, state: Around, presented: Presented) -> Flow[Verdict]:
        verdict = yield from super().validate(ctx, state, presented)
        if not verdict.accepted:
            return verdict
        if confirmation_of(verdict, MEMBER):
            return _refusal("scheme", "invalid_token", verdict.based_on)
        return _refusal("unbound", "invalid_token", verdict.based_on) if self._settings.require_bound else verdict

    def _verification(self, presented: Presented) -> ProofVerification:
        return ProofVerification(presented.proof, presented.method, presented.uri or self._uri, presented.token)

    def _refused(self, ctx: Context, judged: Judged) -> Verdict:
        if judged.error == "unavailable":
            return refusals.cannot_tell(judged.reason)
        nonce = self._checks.nonce(ctx.now()) if judged.error == "use_dpop_nonce" else ""
        return _refusal(judged.reason, judged.error)._replace(nonce=nonce)


class _TokenEndpoint:
    """The token endpoint in front of which a proof is looked at."""

    def __init__(
        self, endpoint: Endpoint, settings: DpopSettings, deployment: Deployment, seen: dict[Context, SeenProofs]
    ) -> None:
        self._endpoint = endpoint
        self._checks = ProofChecks(settings, "token", deployment.resource_server.client_secret)
        self._uri = uris_of(deployment)["token"]
        self._capacity = settings.capacity
        self._seen = seen

    def __call__(self, ctx: Context, request: HttpRequest, server: Any) -> Flow[Reply]:
        """The answer to a client, whose tokens are bound when it has shown a proof."""
        if not request.dpop:
            return (yield from self._endpoint(ctx, request, server))
        verification = ProofVerification(request.dpop, METHODS["token"], self._uri)
        judged = yield from self._checks.verify(ctx, verification)
        if not judged.error:
            seen = self._seen.setdefault(ctx, SeenProofs(self._capacity))
            judged = yield from self._checks.first_use(ctx, seen, judged.proof)
        nonce = self._checks.nonce(ctx.now())
        if judged.error == "unavailable":
            return Reply(503)
        if judged.error:
            body = yield Compute("json.encode", partial(_error, judged.error))
            return Reply(400, body, nonce=nonce)
        bound = binding_server(server, {MEMBER: judged.proof.thumbprint})
        reply = yield from self._endpoint(ctx, request, bound)
        return reply._replace(nonce=nonce)


def _refusal(reason: str, error: str, based_on: float = 0.0) -> Verdict:
    """A 401 with the challenge of section 7.1."""
    challenge = f'DPoP error="{error}", algs="{" ".join(ALGORITHMS)}"'
    return Verdict(False, 401, reason, challenge=challenge, based_on=based_on)


def _error(code: str) -> bytes:
    return json.dumps({"error": code}, separators=(",", ":")).encode()
