"""The authorization endpoint (RFC 6749 section 3.1): a user signs in, and the client gets a code by a redirect.

Only codes: with response_type=token an access token would travel in an address (RFC 9700 section 2.1.2).
"""

import json
import re
from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import urlencode

from simlib.scenario.effects import Call, Compute, Context, Flow, Reply
from simlib.scenario.messages import HttpRequest, StorePut, TokenRow
from simlib.services.authorization_server import AuthorizationServer
from simlib.services.grants.authorization_code import CODE_LIFETIME_S, make_code_key
from simlib.services.http import parse_form, reply_error
from simlib.tokens import make_opaque_token

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")


class _AuthorizationRequest(NamedTuple):
    """A request whose client and redirect URI are good, so that it can be answered by a redirect."""

    client_id: str
    redirect_uri: str
    parameters: Mapping[str, str]


def authorize(ctx: Context, request: HttpRequest, server: AuthorizationServer) -> Flow[Reply]:
    """Check the request, then the user, and redirect with a code or an error; the body is where to.

    The form holds what stands in the address, and ``login`` and ``password`` for what the user types in. Nobody is
    sent to a redirect URI that is not registered to the letter (RFC 9700 section 2.1): that is answered by 400.
    """
    parameters = yield from parse_form(request.body)
    client_id, redirect_uri = parameters.get("client_id", ""), parameters.get("redirect_uri", "")
    if redirect_uri not in server.find_registration(client_id).redirect_uris:
        return (yield from reply_error(400, "invalid_request"))
    asked = _AuthorizationRequest(client_id, redirect_uri, parameters)
    refused = _find_error(asked, server)
    if refused:
        return (yield from _redirect(asked, server, {"error": refused}))
    scope = server.resolve_scope(client_id, parameters.get("scope"))
    if scope is None:
        return (yield from _redirect(asked, server, {"error": "invalid_scope"}))
    login, password = parameters.get("login", ""), parameters.get("password", "")
    known = yield Compute("user.authenticate", partial(server.sign_in, login, password))
    if not known:
        return (yield from _redirect(asked, server, {"error": "access_denied"}))
    code = yield from _issue_code(ctx, asked, login, scope)
    return (yield from _redirect(asked, server, {"code": code}))


def _find_error(asked: _AuthorizationRequest, server: AuthorizationServer) -> str:
    """Why a request is refused (RFC 6749 section 4.1.2.1, RFC 7636 section 4.4.1); empty when it is not."""
    parameters, client_id = asked.parameters, asked.client_id
    kind = parameters.get("response_type")
    if kind != "code":
        return "unsupported_response_type" if kind else "invalid_request"
    if "authorization_code" not in server.find_registration(client_id).grant_types:
        return "unauthorized_client"
    challenge = parameters.get("code_challenge")
    if challenge is None:
        # A method without a challenge is no request without PKCE; a client without a secret must use PKCE.
        wanted = "code_challenge_method" in parameters or client_id not in server.clients
        return "invalid_request" if wanted else ""
    # Left out, the method would be "plain", which protects against nobody who can read the request.
    is_good = parameters.get("code_challenge_method") == "S256" and _CHALLENGE.fullmatch(challenge)
    return "" if is_good else "invalid_request"


def _issue_code(ctx: Context, asked: _AuthorizationRequest, subject: str, scope: str) -> Flow[str]:
    now = ctx.now()
    kept = {name: asked.parameters[name] for name in ("code_challenge", "nonce") if name in asked.parameters}
    details = {"redirect_uri": asked.redirect_uri, "auth_time": now, **kept}
    code, key, text = yield Compute("opaque.issue", partial(_make_code, ctx.random_bytes("code", 32), details))
    row = TokenRow("code", subject, asked.client_id, scope, "", now, now + CODE_LIFETIME_S, None, text)
    yield Call("store", StorePut(key, row))
    issued: str = code
    return issued


def _make_code(entropy: bytes, details: Mapping[str, Any]) -> tuple[str, str, str]:
    code = make_opaque_token(entropy)
    return code, make_code_key(code), json.dumps(details, separators=(",", ":"))


def _redirect(asked: _AuthorizationRequest, server: AuthorizationServer, answer: Mapping[str, str]) -> Flow[Reply]:
    """Back to the client, with its state and with who answers (RFC 9207)."""
    state = {"state": asked.parameters["state"]} if "state" in asked.parameters else {}
    values = {**answer, **state, "iss": server.issuer}
    query = yield Compute("form.encode", partial(urlencode, values))
    joint = "&" if "?" in asked.redirect_uri else "?"
    return Reply(302, f"{asked.redirect_uri}{joint}{query}".encode())
