"""The part of a flow that goes through the user's browser: to the authorization server, and back by a redirect.

Proof key for code exchange (RFC 7636): whoever asked for a code proves it when redeeming the code.
"""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from functools import partial
from hashlib import sha256
from typing import NamedTuple

from simlib.flows.base import (
    Client,
    GrantResult,
    encode_form,
    make_distrust_error,
    make_error,
    parse_parameters,
    request_token,
)
from simlib.scenario.effects import Answer, Call, Compute, Context, Failed, Flow, Reply
from simlib.scenario.messages import HttpRequest, TokenResponse

VERIFIER_BYTES = 32
"""256 random bits make 43 characters, the least that section 4.1 allows and what it recommends."""


class ProofKey(NamedTuple):
    """The verifier, which stays with the client, and the challenge, which goes ahead."""

    verifier: str
    challenge: str


def make_proof_key(ctx: Context) -> Flow[ProofKey]:
    """A new one, with the method S256 (section 4.2)."""
    verifier = encode_base64url(ctx.random_bytes("code_verifier", VERIFIER_BYTES))
    challenge = yield Compute("token.hash", lambda: encode_base64url(sha256(verifier.encode()).digest()))
    return ProofKey(verifier, challenge)


def encode_base64url(data: bytes) -> str:
    """Bytes in base64url without padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


STATE_BYTES = 16


class Countermeasures(NamedTuple):
    """What a client does against others than its own server and user; each False is a victim's (RFC 9700 section 2.1).

    ``pkce``: it proves that the code is its own; ``state``: the redirect answers its own request; ``issuer``: it comes
    from the server that was asked (RFC 9207).
    """

    pkce: bool = True
    state: bool = True
    issuer: bool = True


ALL_COUNTERMEASURES = Countermeasures()


class PendingAuthorization(NamedTuple):
    """What a client keeps until its user comes back. ``nonce`` is empty unless it asks for an identity token."""

    state: str
    proof: ProofKey
    nonce: str


def begin_authorization(
    ctx: Context, client: Client, countermeasures: Countermeasures = ALL_COUNTERMEASURES
) -> Flow[tuple[PendingAuthorization, dict[str, str]]]:
    """What to keep, and the parameters that the user's browser takes along (RFC 6749 section 4.1.1, RFC 7636 4.3)."""
    proof = yield from make_proof_key(ctx)
    state = encode_base64url(ctx.random_bytes("state", STATE_BYTES))
    nonce = encode_base64url(ctx.random_bytes("nonce", STATE_BYTES)) if client.needs_id_token else ""
    parameters = {
        "response_type": "code",
        "client_id": client.client_id,
        "redirect_uri": client.redirect_uri,
        "scope": client.scope,
        "state": state,
    }
    if countermeasures.pkce:
        parameters |= {"code_challenge": proof.challenge, "code_challenge_method": "S256"}
    return PendingAuthorization(state, proof, nonce), {**parameters, "nonce": nonce} if nonce else parameters


def sign_in(client: Client, parameters: Mapping[str, str], timeout: float) -> Flow[str | Answer]:
    """The user's browser takes the request there and the user signs in; the URI to which it is sent back."""
    typed = {"login": client.subject, "password": client.password}
    body = yield from encode_form({**parameters, **typed})
    answer: Answer = yield Call("authorize", HttpRequest(body=body), timeout)
    if isinstance(answer, Failed) or answer.status != 302:
        return answer
    location: str = answer.body.decode("ascii", "replace")
    return location


def read_code(
    client: Client, kept: PendingAuthorization, location: str, countermeasures: Countermeasures = ALL_COUNTERMEASURES
) -> Flow[str | Reply]:
    """The code in a redirect that is really the answer to our request.

    ``state`` tells that it was us who asked (RFC 6749 section 10.12), ``iss`` that it is the server that we asked who
    answers (RFC 9207 section 2.4). An error is believed on the same terms.
    """
    address = client.redirect_uri + ("&" if "?" in client.redirect_uri else "?")
    if not location.startswith(address):
        return make_distrust_error("redirect_uri")
    parameters = yield from parse_parameters(location.removeprefix(address))
    refusal = yield Compute("claims.check", partial(_find_mismatch, client, kept, parameters, countermeasures))
    if refusal:
        return make_distrust_error(refusal)
    if "error" in parameters:
        return make_error(parameters["error"])
    return parameters.get("code") or make_distrust_error("code")


def _find_mismatch(
    client: Client, kept: PendingAuthorization, parameters: Mapping[str, str], countermeasures: Countermeasures
) -> str:
    ours = hmac.compare_digest(parameters.get("state", "").encode(), kept.state.encode())
    if countermeasures.state and not ours:
        return "state"
    return "iss" if countermeasures.issuer and parameters.get("iss") != client.issuer else ""


def redeem_code(
    ctx: Context,
    client: Client,
    kept: PendingAuthorization,
    location: str,
    timeout: float,
    countermeasures: Countermeasures = ALL_COUNTERMEASURES,
) -> Flow[GrantResult]:
    """The tokens for the code in a redirect (RFC 6749 section 4.1.3, RFC 7636 section 4.5)."""
    code = yield from read_code(client, kept, location, countermeasures)
    if not isinstance(code, str):
        return code
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": client.redirect_uri}
    if countermeasures.pkce:
        form["code_verifier"] = kept.proof.verifier
    obtained = yield from request_token(ctx, client, form, timeout)
    return obtained._replace(nonce=kept.nonce) if isinstance(obtained, TokenResponse) else obtained
