"""The part of a flow that goes through the user's browser: to the authorization server, and back by a redirect.

Proof key for code exchange (RFC 7636): whoever asked for a code proves it when redeeming the code.
"""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from functools import partial
from hashlib import sha256
from typing import NamedTuple

from simlib.flows.base import Client, Obtained, form_bytes, mistrusted, parameters_in, request_token, told
from simlib.scenario.effects import Answer, Call, Compute, Context, Failed, Flow, Reply
from simlib.scenario.messages import HttpRequest, TokenResponse

VERIFIER_BYTES = 32
"""256 random bits make 43 characters, the least that section 4.1 allows and what it recommends."""


class ProofKey(NamedTuple):
    """The verifier, which stays with the client, and the challenge, which goes ahead."""

    verifier: str
    challenge: str


def proof_key(ctx: Context) -> Flow[ProofKey]:
    """A new one, with the method S256 (section 4.2)."""
    verifier = text_of(ctx.random_bytes("code_verifier", VERIFIER_BYTES))
    challenge = yield Compute("token.hash", lambda: text_of(sha256(verifier.encode()).digest()))
    return ProofKey(verifier, challenge)


def text_of(data: bytes) -> str:
    """Bytes in base64url without padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


STATE_BYTES = 16


class Precautions(NamedTuple):
    """What a client does against others than its own server and user; each False is a victim's (RFC 9700 section 2.1).

    ``pkce``: it proves that the code is its own; ``state``: the redirect answers its own request; ``issuer``: it comes
    from the server that was asked (RFC 9207).
    """

    pkce: bool = True
    state: bool = True
    issuer: bool = True


ALL = Precautions()


class Departure(NamedTuple):
    """What a client keeps until its user comes back. ``nonce`` is empty unless it asks for an identity token."""

    state: str
    proof: ProofKey
    nonce: str


def depart(ctx: Context, client: Client, precautions: Precautions = ALL) -> Flow[tuple[Departure, dict[str, str]]]:
    """What to keep, and the parameters that the user's browser takes along (RFC 6749 section 4.1.1, RFC 7636 4.3)."""
    proof = yield from proof_key(ctx)
    state = text_of(ctx.random_bytes("state", STATE_BYTES))
    nonce = text_of(ctx.random_bytes("nonce", STATE_BYTES)) if client.wants_identity else ""
    parameters = {
        "response_type": "code",
        "client_id": client.client_id,
        "redirect_uri": client.redirect_uri,
        "scope": client.scope,
        "state": state,
    }
    if precautions.pkce:
        parameters |= {"code_challenge": proof.challenge, "code_challenge_method": "S256"}
    return Departure(state, proof, nonce), {**parameters, "nonce": nonce} if nonce else parameters


def sign_in(client: Client, parameters: Mapping[str, str], timeout: float) -> Flow[str | Answer]:
    """The user's browser takes the request there and the user signs in; the URI to which it is sent back."""
    typed = {"login": client.subject, "password": client.password}
    body = yield from form_bytes({**parameters, **typed})
    answer: Answer = yield Call("authorize", HttpRequest(body=body), timeout)
    if isinstance(answer, Failed) or answer.status != 302:
        return answer
    location: str = answer.body.decode("ascii", "replace")
    return location


def code_of(client: Client, kept: Departure, location: str, precautions: Precautions = ALL) -> Flow[str | Reply]:
    """The code in a redirect that is really the answer to our request.

    ``state`` tells that it was us who asked (RFC 6749 section 10.12), ``iss`` that it is the server that we asked who
    answers (RFC 9207 section 2.4). An error is believed on the same terms.
    """
    address = client.redirect_uri + ("&" if "?" in client.redirect_uri else "?")
    if not location.startswith(address):
        return mistrusted("redirect_uri")
    parameters = yield from parameters_in(location.removeprefix(address))
    refusal = yield Compute("claims.check", partial(_disbelief, client, kept, parameters, precautions))
    if refusal:
        return mistrusted(refusal)
    if "error" in parameters:
        return told(parameters["error"])
    return parameters.get("code") or mistrusted("code")


def _disbelief(client: Client, kept: Departure, parameters: Mapping[str, str], precautions: Precautions) -> str:
    ours = hmac.compare_digest(parameters.get("state", "").encode(), kept.state.encode())
    if precautions.state and not ours:
        return "state"
    return "iss" if precautions.issuer and parameters.get("iss") != client.issuer else ""


def redeem(
    ctx: Context, client: Client, kept: Departure, location: str, timeout: float, precautions: Precautions = ALL
) -> Flow[Obtained]:
    """The tokens for the code in a redirect (RFC 6749 section 4.1.3, RFC 7636 section 4.5)."""
    code = yield from code_of(client, kept, location, precautions)
    if not isinstance(code, str):
        return code
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": client.redirect_uri}
    if precautions.pkce:
        form["code_verifier"] = kept.proof.verifier
    obtained = yield from request_token(ctx, client, form, timeout)
    return obtained._replace(nonce=kept.nonce) if isinstance(obtained, TokenResponse) else obtained
