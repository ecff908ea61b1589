"""OAuth requests of attackers to authorization servers, and the parsing of the replies (RFC 6749, RFC 7636)."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

from simlib.attacks.base import AttackerAssets, Candidate, PreparationFailure, send
from simlib.scenario.effects import Answer, Context, Flow, Reply
from simlib.scenario.messages import HttpRequest
from simlib.tokens.forging import encode


def make_form_request(authorization: str = "", /, **parameters: str) -> HttpRequest:
    """Make a request with a form."""
    return HttpRequest(authorization, urlencode(parameters).encode())


def read_json(answer: Answer) -> Mapping[str, Any]:
    """Parse the JSON object of a reply with status 200; empty for any other."""
    if not isinstance(answer, Reply) or answer.status != 200 or not isinstance(answer.body, bytes):
        return {}
    try:
        value = json.loads(answer.body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def read_parameters(location: str) -> dict[str, str]:
    """Parse the parameters in the query or the fragment of a URI."""
    _, _, encoded = location.replace("#", "?", 1).partition("?")
    return dict(parse_qsl(encoded))


def redeem_code(
    assets: AttackerAssets, code: str, redirect_uri: str, verifier: str = "", authorization: str = ""
) -> Flow[Answer]:
    """Redeem a code under the client's client_id; without ``authorization`` as a public client."""
    client = {} if authorization else {"client_id": assets.client_id}
    proof = {"code_verifier": verifier} if verifier else {}
    fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri, **client, **proof}
    return (yield from assets.by_own_key(send("token", make_form_request(authorization, **fields))))


def make_candidates(answer: Answer, label: str) -> tuple[Candidate, ...] | PreparationFailure:
    """Make a candidate of the access token in a reply; a failure when there is none."""
    token = read_json(answer).get("access_token", "")
    return (Candidate(label, token),) if token else PreparationFailure()


def make_proof_key(ctx: Context) -> tuple[str, str]:
    """Make a verifier of the attacker and its challenge (RFC 7636 section 4.2)."""
    verifier = encode(ctx.random_bytes("code_verifier", 32))
    return verifier, encode(hashlib.sha256(verifier.encode()).digest())


def build_authorization_request(
    assets: AttackerAssets, redirect_uri: str, challenge: str = "", **additional: str
) -> dict[str, str]:
    """Build the parameters of an authorization request with the client's client_id."""
    fields = {
        "response_type": "code",
        "client_id": assets.client_id,
        "redirect_uri": redirect_uri,
        "scope": assets.scope,
    }
    proof = {"code_challenge": challenge, "code_challenge_method": "S256"} if challenge else {}
    return {**fields, "state": "attack", **proof, **additional}
