"""DPoP: tokens bound to a key of the client, which sends a proof with each request (RFC 9449; S19 of
data/evidence/strategies.csv)."""

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, ClassVar

from simlib.scenario.effects import Compute, Context, Flow, Reply, Verdict
from simlib.scenario.messages import HttpRequest
from simlib.strategies.base import DeploymentConfig, Grant, PresentedToken
from simlib.strategies.dpop_client import METHODS, ClientKeys, DpopPresenter, list_uris
from simlib.strategies.dpop_proofs import DpopSettings, ProofVerdict, ProofVerifier, ReplayCache
from simlib.strategies.issuing import bind_grant, bind_server, read_confirmation
from simlib.strategies.protocols import Endpoint, Presenter, Validator, Wrapper
from simlib.strategies.verdicts import confirm_verdict, refuse_unavailable
from simlib.strategies.wrappers import ValidatorWrapper, WrapperState
from simlib.tokens import ALGORITHMS, BINDABLE_FORMATS, ProofVerification, TokenFormat

CNF_MEMBER = "jkt"


class Dpop(Wrapper):
    """A stolen token is of no use without the client's private key, and a proof is valid for one request."""

    name: ClassVar[str] = "dpop"
    summary: ClassVar[str] = "token bound to a key of the client, who signs a proof for each request"
    formats: ClassVar[frozenset[TokenFormat]] = BINDABLE_FORMATS
    at_edge: ClassVar[bool] = True
    binds: ClassVar[bool] = True
    comes_after: ClassVar[Mapping[str, str]] = {"client_retry": "each attempt of a call needs a proof of its own"}
    Settings: ClassVar[type[DpopSettings]] = DpopSettings

    @staticmethod
    def list_operations(settings: DpopSettings, deployment: DeploymentConfig) -> frozenset[str]:
        """List signing at the client, verifying and recording at both servers."""
        errors = {"json.encode", "json.decode"} if settings.nonce_s else {"json.encode"}
        return frozenset({"dpop.sign", "dpop.verify", "cache.lookup", "claims.check", *errors})

    def __init__(self, settings: DpopSettings, deployment: DeploymentConfig) -> None:
        self._settings = settings
        self._deployment = deployment
        self._clients = ClientKeys()
        self._replay_caches: dict[Context, ReplayCache] = {}  # at the token endpoint, by replica

    def wrap_validator(self, validator: Validator) -> Validator:
        """Wrap the validator: the proof must fit the request and the key of the token."""
        return _DpopValidator(validator, self._settings, self._deployment)

    def wrap_presenter(self, presenter: Presenter) -> Presenter:
        """Wrap the presenter: its calls to API and token endpoint carry a proof."""
        return DpopPresenter(presenter, self._clients, self._deployment)

    def wrap_endpoint(self, target: str, endpoint: Endpoint) -> Endpoint:
        """Wrap the token endpoint: a client that proves a key gets tokens bound to it (section 5)."""
        if target != "token":
            return endpoint
        return _DpopTokenEndpoint(endpoint, self._settings, self._deployment, self._replay_caches)

    def adjust_initial_grant(self, user: int, grant: Grant) -> Grant:
        """Bind the grant to the key of that user's client."""
        return bind_grant(grant, {CNF_MEMBER: self._clients.find_thumbprint(user)})


class _DpopValidator(ValidatorWrapper):
    def __init__(self, inner: Validator, settings: DpopSettings, deployment: DeploymentConfig) -> None:
        super().__init__(inner)
        self.binds = True
        self._settings = settings
        self._leeway_s = inner.compute_bound().after_expiry_s
        self._proofs = ProofVerifier(settings, "api", deployment.resource_server.client_secret)
        self._uri = list_uris(deployment)["api"]

    def create_wrapper_state(self) -> ReplayCache:
        """Create an empty replay cache."""
        return ReplayCache(self._settings.capacity)

    def begin_stationary(self, state: WrapperState, requests_per_s: float, draw: Callable[[], float]) -> None:
        """Begin with the proofs of earlier requests, where there may be too many of them."""
        super().begin_stationary(state, requests_per_s, draw)
        state.own.begin_stationary(self._settings.kept_s, requests_per_s, draw)

    def validate(self, ctx: Context, state: WrapperState, presented: PresentedToken) -> Flow[Verdict]:
        """Validate proof and token, that they belong together, and that the proof is new (section 7.1)."""
        if not presented.proof and presented.scheme != "dpop":
            return (yield from self._validate_without_proof(ctx, state, presented))
        judged = yield from self._proofs.verify(ctx, self._build_verification(presented))
        if judged.error:
            return self._refuse_proof(ctx, judged)
        verdict = yield from super().validate(ctx, state, presented)
        if not verdict.accepted:
            return verdict
        yield Compute("claims.check")
        expected = read_confirmation(verdict, CNF_MEMBER)
        # Neither a bound token as a bearer token, nor an unbound token with a proof (section 7.2).
        if presented.scheme != "dpop" or not expected:
            return _refuse("scheme" if expected else "unbound", "invalid_token", verdict.based_on)
        if expected != judged.proof.thumbprint:
            return _refuse("key", "invalid_token", verdict.based_on)
        judged = yield from self._proofs.check_first_use(ctx, state.own, judged.proof)
        if judged.error:
            return self._refuse_proof(ctx, judged)
        verdict = confirm_verdict(verdict, ctx.now(), self._leeway_s)
        return verdict._replace(nonce=self._proofs.issue_nonce(ctx.now()))

    def _validate_without_proof(self, ctx: Context, state: WrapperState, presented: PresentedToken) -> Flow[Verdict]:
        verdict = yield from super().validate(ctx, state, presented)
        if not verdict.accepted:
            return verdict
        if read_confirmation(verdict, CNF_MEMBER):
            return _refuse("scheme", "invalid_token", verdict.based_on)
        return _refuse("unbound", "invalid_token", verdict.based_on) if self._settings.require_bound else verdict

    def _build_verification(self, presented: PresentedToken) -> ProofVerification:
        return ProofVerification(presented.proof, presented.method, presented.uri or self._uri, presented.token)

    def _refuse_proof(self, ctx: Context, judged: ProofVerdict) -> Verdict:
        if judged.error == "unavailable":
            return refuse_unavailable(judged.reason)
        nonce = self._proofs.issue_nonce(ctx.now()) if judged.error == "use_dpop_nonce" else ""
        return _refuse(judged.reason, judged.error)._replace(nonce=nonce)


class _DpopTokenEndpoint:
    """The token endpoint, behind the check of a proof."""

    def __init__(
        self, inner: Endpoint, settings: DpopSettings, deployment: DeploymentConfig, caches: dict[Context, ReplayCache]
    ) -> None:
        self._endpoint = inner
        self._proofs = ProofVerifier(settings, "token", deployment.resource_server.client_secret)
        self._uri = list_uris(deployment)["token"]
        self._capacity = settings.capacity
        self._replay_caches = caches

    def __call__(self, ctx: Context, request: HttpRequest, server: Any) -> Flow[Reply]:
        """Answer a client; its tokens are bound when it has sent a proof."""
        if not request.dpop:
            return (yield from self._endpoint(ctx, request, server))
        verification = ProofVerification(request.dpop, METHODS["token"], self._uri)
        judged = yield from self._proofs.verify(ctx, verification)
        if not judged.error:
            replay_cache = self._replay_caches.setdefault(ctx, ReplayCache(self._capacity))
            judged = yield from self._proofs.check_first_use(ctx, replay_cache, judged.proof)
        nonce = self._proofs.issue_nonce(ctx.now())
        if judged.error == "unavailable":
            return Reply(503)
        if judged.error:
            body = yield Compute("json.encode", partial(_encode_error, judged.error))
            return Reply(400, body, nonce=nonce)
        binding_server = bind_server(server, {CNF_MEMBER: judged.proof.thumbprint})
        reply = yield from self._endpoint(ctx, request, binding_server)
        return reply._replace(nonce=nonce)


def _refuse(reason: str, error: str, based_on: float = 0.0) -> Verdict:
    """Refuse with 401 and the challenge of section 7.1."""
    challenge = f'DPoP error="{error}", algs="{" ".join(ALGORITHMS)}"'
    return Verdict(False, 401, reason, challenge=challenge, based_on=based_on)


def _encode_error(code: str) -> bytes:
    return json.dumps({"error": code}, separators=(",", ":")).encode()
