"""Tokens bound to a key of the client, shown by a proof with each request (RFC 9449; S19 of strategies.csv).

What a server does with a DPoP proof, the same at the API and at the token endpoint (RFC 9449 section 4.3).

The identifiers of proofs that a server has seen, for as long as the same proof would be in time (RFC 9449 11.1).
"""

import json
from collections import OrderedDict
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Literal, NamedTuple

from simlib.scenario.effects import Compute, Context, Flow, Reply, Verdict
from simlib.scenario.messages import HttpRequest
from simlib.strategies import refusals
from simlib.strategies.base import Deployment, Grant, Presented, TokenFormat
from simlib.strategies.binding import binding_server, bound_to, confirmation_of
from simlib.strategies.checks import at_least, positive
from simlib.strategies.dpop_client import METHODS, ClientKeys, Proving, uris_of
from simlib.strategies.roles import Endpoint, Presenter, Validator, Wrapper
from simlib.strategies.wrappers import Around, AroundValidator, confirmed
from simlib.tokens import ALGORITHMS, ProofVerification, VerifiedProof, from_numeric_date, nonce_at


class SeenProofs:
    """Bounded in number: when it is full of proofs that are still in time, nothing can be told any more."""

    __slots__ = ("_capacity", "_seen")

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._seen: OrderedDict[tuple[str, str], float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._seen)

    def is_full(self, now: float) -> bool:
        """Whether there is no room at ``now`` (seconds), after those that are over have been forgotten."""
        while self._seen:
            key, until = next(iter(self._seen.items()))
            if until > now:
                break
            del self._seen[key]
        return len(self._seen) >= self._capacity

    def note(self, thumbprint: str, jti: str, until: float) -> bool:
        """Remember a proof up to an instant (seconds), which must not fall; whether it was new."""
        key = (thumbprint, jti)
        if key in self._seen:
            return False
        self._seen[key] = until
        return True


Refusal = Literal["", "invalid_dpop_proof", "use_dpop_nonce", "unavailable"]


@dataclass(frozen=True)
class DpopSettings:
    """``max_age_s``: how old a proof may be; ``leeway_s``: how far ahead of the server the client's clock may be.

    ``nonce_s``: how long the server's nonce stays the same, 0 for no nonces; the one before is good as well.
    ``capacity``: proofs of that age that a replica remembers against replay, at least 1000; beyond it, it answers 503.
    ``require_bound``: a token that is bound to no key is refused where tokens come in from clients.
    """

    max_age_s: float = 60.0
    leeway_s: float = 5.0
    nonce_s: float = 0.0
    capacity: int = 1_000_000
    require_bound: bool = True

    def __post_init__(self) -> None:
        positive("max_age_s", self.max_age_s)
        at_least("leeway_s", self.leeway_s, 0)
        at_least("nonce_s", self.nonce_s, 0)
        at_least("capacity", self.capacity, 1000)


class Judged(NamedTuple):
    """A proof that holds, or the error code and the word for the check that refused it."""

    proof: VerifiedProof
    error: Refusal = ""
    reason: str = ""


class ProofChecks:
    """``place`` tells the nonces of one kind of server from those of another; ``secret`` is what its replicas share."""

    def __init__(self, settings: DpopSettings, place: str, secret: str) -> None:
        self._settings = settings
        self._place = place
        self._secret = secret

    def nonce(self, now: float) -> str:
        """The nonce that clients should use at ``now`` (seconds), empty when none is asked for."""
        return self._nonce(now, 0) if self._settings.nonce_s else ""

    def verify(self, ctx: Context, verification: ProofVerification) -> Flow[Judged]:
        """Signature and claims, age, and nonce; not yet whether it is new."""
        proof: VerifiedProof = yield Compute("dpop.verify", verification)
        if not proof.thumbprint:
            return Judged(proof, "invalid_dpop_proof", f"proof_{proof.reason}")
        now, issued_at = ctx.now(), from_numeric_date(proof.issued_at)
        if not now - self._settings.max_age_s <= issued_at <= now + self._settings.leeway_s:
            return Judged(proof, "invalid_dpop_proof", "proof_iat")
        if self._settings.nonce_s and proof.nonce not in (self._nonce(now, 0), self._nonce(now, -1)):
            return Judged(proof, "use_dpop_nonce", "proof_nonce")
        return Judged(proof)

    def first_use(self, ctx: Context, seen: SeenProofs, proof: VerifiedProof) -> Flow[Judged]:
        """Whether the proof is new; from now on it is not. Between looking and noting nothing else happens."""
        yield Compute("cache.lookup")
        now = ctx.now()
        if seen.is_full(now):
            return Judged(proof, "unavailable", "proof_memory")
        # No proof with this iat is in time any longer than that, since iat is at most leeway_s ahead of now.
        if not seen.note(proof.thumbprint, proof.jti, now + self._settings.leeway_s + self._settings.max_age_s):
            return Judged(proof, "invalid_dpop_proof", "proof_replayed")
        return Judged(proof)

    def _nonce(self, now: float, periods: int) -> str:
        return nonce_at(self._secret, self._place, int(now // self._settings.nonce_s) + periods)


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
