"""Authorization code with PKCE (RFC 6749 section 4.1, RFC 7636): the user signs in in the browser, the client redeems.

The front channel is the authorization request and the redirect through the browser; other flows that redirect a browser
use its functions. Three kinds of client use the flow itself: a web application has a secret, a single-page or mobile
app has none, and the redirect URI of a mobile app is one that the operating system passes to it (RFC 8252 section 7).
"""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from functools import partial
from hashlib import sha256
from typing import ClassVar, NamedTuple

from simlib.flows.base import (
    Client,
    FlowSettings,
    GrantResult,
    distrust,
    encode_form,
    make_error,
    parse_parameters,
    request_token,
)
from simlib.scenario.effects import Answer, Call, Compute, Context, Failed, Flow, Reply
from simlib.scenario.messages import HttpRequest, TokenResponse
from simlib.scenario.world import ClientKind

VERIFIER_BYTES = 32
"""256 random bits make 43 characters, the minimum and the recommendation of RFC 7636 section 4.1."""


class ProofKey(NamedTuple):
    """The verifier, secret until the redemption, and the challenge, sent with the authorization request."""

    verifier: str
    challenge: str


def make_proof_key(ctx: Context) -> Flow[ProofKey]:
    """Make a new proof key, with the method S256 (RFC 7636 section 4.2)."""
    verifier = encode_base64url(ctx.random_bytes("code_verifier", VERIFIER_BYTES))
    challenge = yield Compute("token.hash", lambda: encode_base64url(sha256(verifier.encode()).digest()))
    return ProofKey(verifier, challenge)


def encode_base64url(data: bytes) -> str:
    """Encode bytes as base64url without padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


STATE_BYTES = 16


class Safeguards(NamedTuple):
    """Countermeasures of a client against foreign codes and servers; vulnerable ones lack some (RFC 9700 section 2.1).

    ``pkce``: it proves that the code is its own; ``state``: it verifies that the redirect answers its own request;
    ``issuer``: it verifies that the redirect is from the server that it used (RFC 9207).
    """

    pkce: bool = True
    state: bool = True
    issuer: bool = True


ALL = Safeguards()


class SignIn(NamedTuple):
    """State that a client stores until the redirect; ``nonce`` is empty unless it requests an ID token."""

    state: str
    proof: ProofKey
    nonce: str


def begin_sign_in(ctx: Context, client: Client, safeguards: Safeguards = ALL) -> Flow[tuple[SignIn, dict[str, str]]]:
    """Return the state to store and the parameters of the request (RFC 6749 section 4.1.1, RFC 7636 section 4.3)."""
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
    if safeguards.pkce:
        parameters |= {"code_challenge": proof.challenge, "code_challenge_method": "S256"}
    return SignIn(state, proof, nonce), {**parameters, "nonce": nonce} if nonce else parameters


def sign_in(client: Client, parameters: Mapping[str, str], timeout: float) -> Flow[str | Answer]:
    """Send the authorization request by the user's browser and sign in; return the URI of the redirect."""
    credentials = {"login": client.subject, "password": client.password}
    body = yield from encode_form({**parameters, **credentials})
    answer: Answer = yield Call("authorize", HttpRequest(body=body), timeout)
    if isinstance(answer, Failed) or answer.status != 302:
        return answer
    location: str = answer.body.decode("ascii", "replace")
    return location


def read_code(client: Client, stored: SignIn, location: str, safeguards: Safeguards = ALL) -> Flow[str | Reply]:
    """Return the code in a redirect after verifying that it answers the client's own request.

    ``state`` binds it to the request (RFC 6749 section 10.12), ``iss`` to the server that was requested (RFC 9207
    section 2.4). An error is accepted under the same conditions.
    """
    address = client.redirect_uri + ("&" if "?" in client.redirect_uri else "?")
    if not location.startswith(address):
        return distrust("redirect_uri")
    parameters = yield from parse_parameters(location.removeprefix(address))
    refusal = yield Compute("claims.check", partial(_find_mismatch, client, stored, parameters, safeguards))
    if refusal:
        return distrust(refusal)
    if "error" in parameters:
        return make_error(parameters["error"])
    return parameters.get("code") or distrust("code")


def _find_mismatch(client: Client, stored: SignIn, parameters: Mapping[str, str], safeguards: Safeguards) -> str:
    is_own = hmac.compare_digest(parameters.get("state", "").encode(), stored.state.encode())
    if safeguards.state and not is_own:
        return "state"
    return "iss" if safeguards.issuer and parameters.get("iss") != client.issuer else ""


def redeem_code(
    ctx: Context, client: Client, stored: SignIn, location: str, timeout: float, safeguards: Safeguards = ALL
) -> Flow[GrantResult]:
    """Redeem the code in a redirect for tokens (RFC 6749 section 4.1.3, RFC 7636 section 4.5)."""
    code = yield from read_code(client, stored, location, safeguards)
    if not isinstance(code, str):
        return code
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": client.redirect_uri}
    if safeguards.pkce:
        form["code_verifier"] = stored.proof.verifier
    obtained = yield from request_token(ctx, client, form, timeout)
    return obtained._replace(nonce=stored.nonce) if isinstance(obtained, TokenResponse) else obtained


class AuthorizationCode:
    """PKCE challenge, sign-in, redirect, redemption of the code."""

    name: ClassVar[str] = "authorization_code"
    summary: ClassVar[str] = "authorization code with PKCE; the client itself redeems the code"
    client_kinds: ClassVar[tuple[ClientKind, ...]] = ("web", "spa", "mobile")
    token_kinds: ClassVar[frozenset[str]] = frozenset({"access_token", "refresh_token", "id_token"})
    refused: ClassVar[str] = ""
    safeguards: ClassVar[Safeguards] = ALL
    Settings: ClassVar[type[FlowSettings]] = FlowSettings

    def __init__(self, settings: FlowSettings, client: Client) -> None:
        self._settings = settings
        self._client = client

    def obtain(self, ctx: Context) -> Flow[GrantResult]:
        """Have the user sign in, verify the redirect, and redeem the code."""
        client, timeout = self._client, self._settings.timeout_s
        sign_in_state, parameters = yield from begin_sign_in(ctx, client, self.safeguards)
        location = yield from sign_in(client, parameters, timeout)
        if not isinstance(location, str):
            return location
        return (yield from redeem_code(ctx, client, sign_in_state, location, timeout, self.safeguards))
