"""Authorization endpoint (RFC 6749 section 3.1): a user signs in, and the client receives a code by a redirect.

It issues codes only: response_type=token would put an access token into a URI (RFC 9700 section 2.1.2).
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
    """A request with a registered client and redirect URI, so that it can be answered by a redirect."""

    client_id: str
    redirect_uri: str
    parameters: Mapping[str, str]


def authorize(ctx: Context, request: HttpRequest, server: AuthorizationServer) -> Flow[Reply]:
    """Check the request, then the user, and redirect with a code or an error; the body is the redirect's location.

    The form holds the query parameters, and ``login`` and ``password`` that the user enters. A redirect URI that does
    not match a registered one exactly is answered by 400 and no redirect (RFC 9700 section 2.1).
    """
    parameters = yield from parse_form(request.body)
    client_id, redirect_uri = parameters.get("client_id", ""), parameters.get("redirect_uri", "")
    if redirect_uri not in server.find_registration(client_id).redirect_uris:
        return (yield from reply_error(400, "invalid_request"))
    query = _AuthorizationRequest(client_id, redirect_uri, parameters)
    error_code = _find_error(query, server)
    if error_code:
        return (yield from _redirect(query, server, {"error": error_code}))
    scope = server.resolve_scope(client_id, parameters.get("scope"))
    if scope is None:
        return (yield from _redirect(query, server, {"error": "invalid_scope"}))
    login, password = parameters.get("login", ""), parameters.get("password", "")
    is_user = yield Compute("user.authenticate", partial(server.sign_in, login, password))
    if not is_user:
        return (yield from _redirect(query, server, {"error": "access_denied"}))
    code = yield from _issue_code(ctx, query, login, scope)
    return (yield from _redirect(query, server, {"code": code}))


def _find_error(query: _AuthorizationRequest, server: AuthorizationServer) -> str:
    """Return the error code of a request (RFC 6749 section 4.1.2.1, RFC 7636 section 4.4.1); empty when it is valid."""
    parameters, client_id = query.parameters, query.client_id
    response_type = parameters.get("response_type")
    if response_type != "code":
        return "unsupported_response_type" if response_type else "invalid_request"
    if "authorization_code" not in server.find_registration(client_id).grant_types:
        return "unauthorized_client"
    challenge = parameters.get("code_challenge")
    if challenge is None:
        # A method without a challenge is a broken PKCE request; a client without a secret must use PKCE.
        is_invalid = "code_challenge_method" in parameters or client_id not in server.clients
        return "invalid_request" if is_invalid else ""
    # An omitted method means "plain", which protects from no attacker that can read the request.
    is_good = parameters.get("code_challenge_method") == "S256" and _CHALLENGE.fullmatch(challenge)
    return "" if is_good else "invalid_request"


def _issue_code(ctx: Context, query: _AuthorizationRequest, subject: str, scope: str) -> Flow[str]:
    now = ctx.now()
    carried = {name: query.parameters[name] for name in ("code_challenge", "nonce") if name in query.parameters}
    details = {"redirect_uri": query.redirect_uri, "auth_time": now, **carried}
    code, key, text = yield Compute("opaque.issue", partial(_make_code, ctx.random_bytes("code", 32), details))
    row = TokenRow("code", subject, query.client_id, scope, "", now, now + CODE_LIFETIME_S, None, text)
    yield Call("store", StorePut(key, row))
    issued: str = code
    return issued


def _make_code(entropy: bytes, details: Mapping[str, Any]) -> tuple[str, str, str]:
    code = make_opaque_token(entropy)
    return code, make_code_key(code), json.dumps(details, separators=(",", ":"))


def _redirect(query: _AuthorizationRequest, server: AuthorizationServer, answer: Mapping[str, str]) -> Flow[Reply]:
    """Redirect to the client, with its state and this server's issuer (RFC 9207)."""
    state = {"state": query.parameters["state"]} if "state" in query.parameters else {}
    values = {**answer, **state, "iss": server.issuer}
    encoded = yield Compute("form.encode", partial(urlencode, values))
    separator = "&" if "?" in query.redirect_uri else "?"
    return Reply(302, f"{query.redirect_uri}{separator}{encoded}".encode())
