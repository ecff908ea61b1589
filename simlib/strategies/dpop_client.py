"""The client's half of DPoP: a proof with each call, and one more try with the server's nonce (RFC 9449 section 8)."""

import json
from functools import partial
from typing import Any

from simlib.scenario.effects import Answer, Call, Compute, Context, Flow, Reply
from simlib.scenario.messages import HttpRequest
from simlib.strategies.base import DeploymentConfig
from simlib.strategies.protocols import Presenter
from simlib.strategies.wrappers import PresenterWrapper
from simlib.tokens import SigningKey, proof_key, sign_proof, to_numeric_date

METHODS = {"api": "GET", "token": "POST"}


def list_uris(deployment: DeploymentConfig) -> dict[str, str]:
    """The URIs by which clients know API and token endpoint."""
    return {"api": deployment.audience + "/", "token": deployment.issuer + "/token"}


class ClientKeys:
    """One key pair per user's client, made when it is first needed, and the nonces that servers gave to each."""

    def __init__(self) -> None:
        self._keys: dict[int, SigningKey] = {}
        self._nonces: dict[tuple[int, str], str] = {}

    def key(self, user: int) -> SigningKey:
        """The key of a user's client."""
        known = self._keys.get(user)
        if known is None:
            known = self._keys[user] = proof_key()
        return known

    def thumbprint(self, user: int) -> str:
        """The name of that key (RFC 7638)."""
        return self.key(user).verification_key.thumbprint

    def nonce(self, user: int, target: str) -> str:
        """What the server of that target gave last, or nothing."""
        return self._nonces.get((user, target), "")

    def keep(self, user: int, target: str, nonce: str) -> None:
        """Use this from now on (section 8.2)."""
        self._nonces[user, target] = nonce


class DpopPresenter(PresenterWrapper):
    """A presenter whose calls carry proofs."""

    def __init__(self, inner: Presenter, keys: ClientKeys, deployment: DeploymentConfig) -> None:
        super().__init__(inner)
        self._keys = keys
        self._uris = list_uris(deployment)

    def send_call(self, ctx: Context, state: Any, call: Call) -> Flow[Answer]:
        """The call with a proof; once more when the server asks for a nonce."""
        answer = yield from self._prove(ctx, state.user, call)
        if isinstance(answer, Reply) and answer.nonce:
            asks = yield from _asks_for_nonce(answer)
            if asks:
                answer = yield from self._prove(ctx, state.user, call)
        return answer

    def _prove(self, ctx: Context, user: int, call: Call) -> Flow[Answer]:
        target, request = call.target, call.request
        _, _, token = request.authorization.partition(" ")
        presented = token if target == "api" else ""
        proof: str = yield Compute(
            "dpop.sign",
            partial(
                sign_proof,
                self._keys.key(user),
                METHODS[target],
                self._uris[target],
                to_numeric_date(ctx.now()),
                ctx.random_bytes("dpop.jti", 16).hex(),
                presented,
                self._keys.nonce(user, target),
            ),
        )
        proved: HttpRequest = request._replace(dpop=proof)
        if presented:
            proved = proved._replace(authorization="DPoP " + presented)
        answer: Answer = yield call._replace(request=proved)
        if isinstance(answer, Reply) and answer.nonce:
            self._keys.keep(user, target, answer.nonce)
        return answer


def _asks_for_nonce(reply: Reply) -> Flow[bool]:
    """A resource server asks in the challenge (section 9), an authorization server in the body (section 8)."""
    if reply.status == 401:
        return 'error="use_dpop_nonce"' in reply.challenge
    if reply.status != 400:
        return False
    asks: bool = yield Compute("json.decode", partial(_names_the_error, reply.body))
    return asks


def _names_the_error(body: bytes) -> bool:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return False
    return isinstance(answer, dict) and answer.get("error") == "use_dpop_nonce"
