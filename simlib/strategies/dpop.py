"""DPoP: tokens bound to a key of the client, which sends a proof with each request (RFC 9449; S19 of
data/evidence/strategies.csv)."""

import json
from functools import partial
from typing import Any, ClassVar

from simlib.scenario.effects import Compute, Context, Flow, Reply, Verdict
from simlib.scenario.messages import HttpRequest
from simlib.strategies.base import DeploymentConfig, Grant, PresentedToken, TokenFormat
from simlib.strategies.confirmation_claim import bind_grant, bind_server, read_confirmation
from simlib.strategies.dpop_client import METHODS, ClientKeys, DpopPresenter, list_uris
from simlib.strategies.dpop_proofs import DpopSettings, ProofVerdict, ProofVerifier
from simlib.strategies.dpop_replay import ReplayCache
from simlib.strategies.protocols import Endpoint, Presenter, Validator, Wrapper
from simlib.strategies.verdicts import confirm_verdict, refuse_unavailable
from simlib.strategies.wrappers import ValidatorWrapper, WrapperState
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
    def list_operations(settings: DpopSettings, deployment: DeploymentConfig) -> frozenset[str]:
        """Signing at the client, verifying and remembering at both servers."""
        asking = {"json.encode", "json.decode"} if settings.nonce_s else {"json.encode"}
        return frozenset({"dpop.sign", "dpop.verify", "cache.lookup", "claims.check", *asking})

    def __init__(self, settings: DpopSettings, deployment: DeploymentConfig) -> None:
        self._settings = settings
        self._deployment = deployment
        self._clients = ClientKeys()
        self._seen: dict[Context, ReplayCache] = {}  # at the token endpoint; each replica has a context of its own

    def wrap_validator(self, validator: Validator) -> Validator:
        """The proof must fit the request and the key of the token."""
        return _Bound(validator, self._settings, self._deployment)

    def wrap_presenter(self, presenter: Presenter) -> Presenter:
        """Calls to API and token endpoint carry a proof."""
        return DpopPresenter(presenter, self._clients, self._deployment)

    def wrap_endpoint(self, target: str, endpoint: Endpoint) -> Endpoint:
        """Whoever proves a key at the token endpoint gets tokens bound to it (section 5)."""
        if target != "token":
            return endpoint
        return _TokenEndpoint(endpoint, self._settings, self._deployment, self._seen)

    def adjust_initial_grant(self, user: int, grant: Grant) -> Grant:
        """Bound to the key of that user's client."""
        return bind_grant(grant, {MEMBER: self._clients.thumbprint(user)})


class _Bound(ValidatorWrapper):
    def __init__(self, inner: Validator, settings: DpopSettings, deployment: DeploymentConfig) -> None:
        super().__init__(inner)
        self.binds = True
        self._settings = settings
        self._leeway_s = inner.compute_bound().after_expiry_s
        self._checks = ProofVerifier(settings, "api", deployment.resource_server.client_secret)
        self._uri = list_uris(deployment)["api"]

    def create_wrapper_state(self) -> ReplayCache:
        """No proof seen yet."""
        return ReplayCache(self._settings.capacity)

    def validate(self, ctx: Context, state: WrapperState, presented: PresentedToken) -> Flow[Verdict]:
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
        expected = read_confirmation(verdict, MEMBER)
        # Neither a bound token as a bearer token, nor one of nobody with somebody's proof (section 7.2).
        if presented.scheme != "dpop" or not expected:
            return _refusal("scheme" if expected else "unbound", "invalid_token", verdict.based_on)
        if expected != judged.proof.thumbprint:
            return _refusal("key", "invalid_token", verdict.based_on)
        judged = yield from self._checks.check_first_use(ctx, state.own, judged.proof)
        if judged.error:
            return self._refused(ctx, judged)
        confirmed_now = confirm_verdict(verdict, ctx.now(), self._leeway_s)
        return confirmed_now._replace(nonce=self._checks.nonce(ctx.now()))

    def _without_proof(self, ctx: Context, state: WrapperState, presented: PresentedToken) -> Flow[Verdict]:
        verdict = yield from super().validate(ctx, state, presented)
        if not verdict.accepted:
            return verdict
        if read_confirmation(verdict, MEMBER):
            return _refusal("scheme", "invalid_token", verdict.based_on)
        return _refusal("unbound", "invalid_token", verdict.based_on) if self._settings.require_bound else verdict

    def _verification(self, presented: PresentedToken) -> ProofVerification:
        return ProofVerification(presented.proof, presented.method, presented.uri or self._uri, presented.token)

    def _refused(self, ctx: Context, judged: ProofVerdict) -> Verdict:
        if judged.error == "unavailable":
            return refuse_unavailable(judged.reason)
        nonce = self._checks.nonce(ctx.now()) if judged.error == "use_dpop_nonce" else ""
        return _refusal(judged.reason, judged.error)._replace(nonce=nonce)


class _TokenEndpoint:
    """The token endpoint in front of which a proof is looked at."""

    def __init__(
        self, endpoint: Endpoint, settings: DpopSettings, deployment: DeploymentConfig, seen: dict[Context, ReplayCache]
    ) -> None:
        self._endpoint = endpoint
        self._checks = ProofVerifier(settings, "token", deployment.resource_server.client_secret)
        self._uri = list_uris(deployment)["token"]
        self._capacity = settings.capacity
        self._seen = seen

    def __call__(self, ctx: Context, request: HttpRequest, server: Any) -> Flow[Reply]:
        """The answer to a client, whose tokens are bound when it has shown a proof."""
        if not request.dpop:
            return (yield from self._endpoint(ctx, request, server))
        verification = ProofVerification(request.dpop, METHODS["token"], self._uri)
        judged = yield from self._checks.verify(ctx, verification)
        if not judged.error:
            seen = self._seen.setdefault(ctx, ReplayCache(self._capacity))
            judged = yield from self._checks.check_first_use(ctx, seen, judged.proof)
        nonce = self._checks.nonce(ctx.now())
        if judged.error == "unavailable":
            return Reply(503)
        if judged.error:
            body = yield Compute("json.encode", partial(_error, judged.error))
            return Reply(400, body, nonce=nonce)
        bound = bind_server(server, {MEMBER: judged.proof.thumbprint})
        reply = yield from self._endpoint(ctx, request, bound)
        return reply._replace(nonce=nonce)


def _refusal(reason: str, error: str, based_on: float = 0.0) -> Verdict:
    """A 401 with the challenge of section 7.1."""
    challenge = f'DPoP error="{error}", algs="{" ".join(ALGORITHMS)}"'
    return Verdict(False, 401, reason, challenge=challenge, based_on=based_on)


def _error(code: str) -> bytes:
    return json.dumps({"error": code}, separators=(",", ":")).encode()
