"""DPoP at the client: a proof with each call, and one more try with the server's nonce (RFC 9449 section 8)."""

import json
from functools import partial
from typing import Any

from simlib.scenario.effects import Answer, Call, Compute, Context, Flow, Reply
from simlib.scenario.messages import HttpRequest
from simlib.strategies.base import DeploymentConfig
from simlib.strategies.protocols import Presenter
from simlib.strategies.wrappers import PresenterWrapper
from simlib.tokens import SigningKey, generate_proof_key, sign_proof, to_numeric_date

METHODS = {"api": "GET", "token": "POST"}


def list_uris(deployment: DeploymentConfig) -> dict[str, str]:
    """List the URIs of API and token endpoint, as clients use them."""
    return {"api": deployment.audience + "/", "token": deployment.issuer + "/token"}


class ClientKeys:
    """One key pair per user's client, made when it is first needed, and the nonces that servers gave to each."""

    def __init__(self) -> None:
        self._keys: dict[int, SigningKey] = {}
        self._nonces: dict[tuple[int, str], str] = {}

    def find_key(self, user: int) -> SigningKey:
        """Find the key of a user's client."""
        key = self._keys.get(user)
        if key is None:
            key = self._keys[user] = generate_proof_key()
        return key

    def find_thumbprint(self, user: int) -> str:
        """Find the thumbprint of that key (RFC 7638)."""
        return self.find_key(user).verification_key.thumbprint

    def find_nonce(self, user: int, target: str) -> str:
        """Find the last nonce from the server of that target; empty when there was none."""
        return self._nonces.get((user, target), "")

    def store_nonce(self, user: int, target: str, nonce: str) -> None:
        """Store the nonce to use from now on (section 8.2)."""
        self._nonces[user, target] = nonce


class DpopPresenter(PresenterWrapper):
    """Presenter whose calls carry proofs."""

    def __init__(self, inner: Presenter, keys: ClientKeys, deployment: DeploymentConfig) -> None:
        super().__init__(inner)
        self._keys = keys
        self._uris = list_uris(deployment)

    def send_call(self, ctx: Context, state: Any, call: Call) -> Flow[Answer]:
        """Make the call with a proof; once more when the server requires a nonce."""
        answer = yield from self._send_with_proof(ctx, state.user, call)
        if isinstance(answer, Reply) and answer.nonce:
            nonce_is_required = yield from _is_nonce_required(answer)
            if nonce_is_required:
                answer = yield from self._send_with_proof(ctx, state.user, call)
        return answer

    def _send_with_proof(self, ctx: Context, user: int, call: Call) -> Flow[Answer]:
        target, request = call.target, call.request
        _, _, token = request.authorization.partition(" ")
        presented = token if target == "api" else ""
        proof: str = yield Compute(
            "dpop.sign",
            partial(
                sign_proof,
                self._keys.find_key(user),
                METHODS[target],
                self._uris[target],
                to_numeric_date(ctx.now()),
                ctx.random_bytes("dpop.jti", 16).hex(),
                presented,
                self._keys.find_nonce(user, target),
            ),
        )
        proved_request: HttpRequest = request._replace(dpop=proof)
        if presented:
            proved_request = proved_request._replace(authorization="DPoP " + presented)
        answer: Answer = yield call._replace(request=proved_request)
        if isinstance(answer, Reply) and answer.nonce:
            self._keys.store_nonce(user, target, answer.nonce)
        return answer


def _is_nonce_required(reply: Reply) -> Flow[bool]:
    """Whether the challenge of a resource server (section 9) or the body of an AS (section 8) requires a nonce."""
    if reply.status == 401:
        return 'error="use_dpop_nonce"' in reply.challenge
    if reply.status != 400:
        return False
    is_required: bool = yield Compute("json.decode", partial(_is_nonce_error, reply.body))
    return is_required


def _is_nonce_error(body: bytes) -> bool:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return False
    return isinstance(answer, dict) and answer.get("error") == "use_dpop_nonce"
