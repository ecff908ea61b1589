"""Clients and users that a stage's authorization server knows, and what they send: written here from the RFCs."""

import hashlib
import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from simlib.scenario.design import RefreshPolicy
from simlib.scenario.effects import Compute, Context, Flow, Reply
from simlib.scenario.messages import HttpRequest
from simlib.services import DEVICE_CODE, TOKEN_EXCHANGE, Registration
from simlib.strategies import Credentials
from simlib.tokens import sign_jwt
from support.keys import key
from support.stage import CLIENT, RESOURCE_SERVER, SCOPE, Stage, basic

PHONE, TV = "phone app", "tv"
"""Public clients."""

CALLBACK = "https://shop.example/callback"
HOME = "https://shop.example/home?tenant=1"
PASSWORD = "correct horse"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
"""Both of RFC 7636 appendix B."""

LIFETIME_S = 1_000.0
INNER = "https://stock.example"

_WEB = frozenset({"authorization_code", "refresh_token"})
REGISTRATIONS: Mapping[str, Registration] = {
    CLIENT.client_id: Registration(
        _WEB | {"client_credentials"}, frozenset({CALLBACK, HOME}), f"{SCOPE} more openid profile"
    ),
    PHONE: Registration(_WEB, frozenset({CALLBACK}), SCOPE),
    TV: Registration(frozenset({DEVICE_CODE, "refresh_token"}), frozenset(), f"{SCOPE} more"),
    RESOURCE_SERVER.client_id: Registration(frozenset({TOKEN_EXCHANGE})),
}


def sign(ctx: Context, claims: Mapping[str, Any], typ: str) -> Flow[str]:
    """The server's signature."""
    token: str = yield Compute("jwt.sign.RS256", partial(sign_jwt, claims, key("RS256"), typ))
    return token


def knows(login: str, password: str) -> bool:
    """Every user has the same password."""
    return login.startswith("user-") and password == PASSWORD


def equip(stage: Stage, rotation: bool = False, **changes: Any) -> Stage:
    """Let the stage's server know these clients and its users."""
    usual = {
        "registrations": REGISTRATIONS,
        "public_clients": frozenset({PHONE, TV}),
        "refresh": RefreshPolicy(rotation, LIFETIME_S),
        "sign_in": knows,
        "sign": sign,
        "audiences": frozenset({INNER}),
    }
    stage.server = replace(stage.server, **{**usual, **changes})
    return stage


def changed(form: Mapping[str, str], changes: Mapping[str, Any]) -> dict[str, str]:
    """A form with changes; None leaves a parameter out."""
    return {name: value for name, value in {**form, **changes}.items() if value is not None}


def asking(client: str = CLIENT.client_id, /, **changes: Any) -> dict[str, str]:
    """What goes to the authorization endpoint."""
    form = {
        "response_type": "code",
        "client_id": client,
        "redirect_uri": CALLBACK,
        "scope": SCOPE,
        "state": "a b&c",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        "login": "user-7",
        "password": PASSWORD,
    }
    return changed(form, changes)


def redirected(reply: Reply) -> dict[str, str]:
    """The parameters of the address that a user is sent to."""
    assert reply.status == 302, reply
    values = parse_qs(urlsplit(reply.body.decode()).query, strict_parsing=True)
    assert all(len(each) == 1 for each in values.values())
    return {name: each[0] for name, each in values.items()}


def code_for(stage: Stage, client: str = CLIENT.client_id, /, **changes: Any) -> str:
    """A code for a user who signed in."""
    return redirected(stage.post("authorize", None, **asking(client, **changes)))["code"]


def redeeming(code: str, /, **changes: Any) -> dict[str, str]:
    """What goes to the token endpoint for a code."""
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
    return changed(form, changes)


def refreshing(token: str, /, **changes: Any) -> dict[str, str]:
    """What goes to the token endpoint for a refresh token."""
    return changed({"grant_type": "refresh_token", "refresh_token": token}, changes)


def granted(reply: Reply) -> dict[str, Any]:
    """The answer of the token endpoint, which must be a good one."""
    assert reply.status == 200, reply
    answer: dict[str, Any] = json.loads(reply.body)
    return answer


def refused(reply: Reply) -> tuple[int, Any]:
    """Status and error code; nothing else may be in the answer."""
    body = json.loads(reply.body)
    assert list(body) == ["error"]
    return reply.status, body["error"]


def active(stage: Stage, token: str) -> bool:
    """What introspection says."""
    return bool(json.loads(stage.post("introspect", RESOURCE_SERVER, token=token).body)["active"])


def form_of(credentials: Credentials | None = CLIENT, /, **form: str) -> HttpRequest:
    """A request with a form, to be sent when the test wants."""
    return HttpRequest(basic(credentials) if credentials else "", urlencode(form).encode())


def challenge_of(verifier: str) -> str:
    """RFC 7636 section 4.2."""
    return urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
