"""What attackers send to authorization servers and read from their answers (RFC 6749, RFC 7636)."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

from simlib.attacks.base import Candidate, Loot, Thwarted, send
from simlib.scenario.effects import Answer, Context, Flow, Reply
from simlib.scenario.messages import HttpRequest
from simlib.tokens.forging import encoded


def form(authorization: str = "", /, **parameters: str) -> HttpRequest:
    """A request with a form."""
    return HttpRequest(authorization, urlencode(parameters).encode())


def read(answer: Answer) -> Mapping[str, Any]:
    """The JSON object of a good answer; empty for every other one."""
    if not isinstance(answer, Reply) or answer.status != 200 or not isinstance(answer.body, bytes):
        return {}
    try:
        value = json.loads(answer.body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def parameters_of(location: str) -> dict[str, str]:
    """What an address carries in its query and its fragment."""
    _, _, carried = location.replace("#", "?", 1).partition("?")
    return dict(parse_qsl(carried))


def redeem(loot: Loot, code: str, redirect_uri: str, verifier: str = "", authorization: str = "") -> Flow[Answer]:
    """A code for tokens, in the client's name; without ``authorization`` as a public client."""
    named = {} if authorization else {"client_id": loot.client_id}
    proof = {"code_verifier": verifier} if verifier else {}
    fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri, **named, **proof}
    return (yield from loot.by_own_key(send("token", form(authorization, **fields))))


def won(answer: Answer, label: str) -> tuple[Candidate, ...] | Thwarted:
    """The access token in an answer, to be tried."""
    token = read(answer).get("access_token", "")
    return (Candidate(label, token),) if token else Thwarted()


def own_proof_key(ctx: Context) -> tuple[str, str]:
    """A verifier of the attacker's own and its challenge (RFC 7636 section 4.2)."""
    verifier = encoded(ctx.random_bytes("code_verifier", 32))
    return verifier, encoded(hashlib.sha256(verifier.encode()).digest())


def asking(loot: Loot, redirect_uri: str, challenge: str = "", **more: str) -> dict[str, str]:
    """The parameters of an authorization request in the client's name."""
    fields = {"response_type": "code", "client_id": loot.client_id, "redirect_uri": redirect_uri, "scope": loot.scope}
    proof = {"code_challenge": challenge, "code_challenge_method": "S256"} if challenge else {}
    return {**fields, "state": "attack", **proof, **more}
