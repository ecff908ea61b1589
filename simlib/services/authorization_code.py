"""Authorization code: the authorization endpoint (RFC 6749 section 3.1), where a user signs in and the client receives
a code by a redirect, and the grant (section 4.1.3) that redeems it, with proof key for code exchange (PKCE, RFC 7636).

The endpoint issues codes only: response_type=token would put an access token into a URI (RFC 9700 section 2.1.2).
"""

import hmac
import json
import re
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from functools import partial
from hashlib import sha256
from typing import Any, NamedTuple
from urllib.parse import urlencode

from simlib.scenario.effects import Call, Compute, Context, Flow, Reply
from simlib.scenario.messages import HttpRequest, StoreConsume, StorePut, TokenRow
from simlib.services.authorization_server import AuthorizationServer
from simlib.services.client_authentication import Caller
from simlib.services.http import parse_form, reply_error
from simlib.services.issuance import Entry, issue_tokens
from simlib.services.token_families import Family, read_details, revoke_family
from simlib.tokens import make_opaque_token, make_store_key

CODE_LIFETIME_S = 60.0
"""RFC 6749 section 4.1.2 allows 10 minutes at most; common servers use one minute."""

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


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


def make_code_key(code: str) -> str:
    """Return the key of a code's row; its own prefix keeps the redemption of a code from touching another token."""
    return f"code:{make_store_key(code)}"


def compute_challenge(verifier: str) -> str:
    """Compute the S256 challenge of a verifier (RFC 7636 section 4.2)."""
    return urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def redeem_authorization_code(ctx: Context, caller: Caller, server: AuthorizationServer) -> Flow[Reply]:
    """Consume the code first and judge it then, so that an attacker has one guess; a reused code revokes its family."""
    code = caller.parameters.get("code", "")
    if not code:
        return (yield from reply_error(400, "invalid_request"))
    key = yield Compute("token.hash", partial(make_code_key, code))
    now = ctx.now()
    stored = yield Call("store", StoreConsume(key, now))
    if stored is None:
        return (yield from reply_error(400, "invalid_grant"))
    row = TokenRow(*stored)
    if row.revoked_at is not None:
        yield from revoke_family(ctx, server, Family(key, code))
        return (yield from reply_error(400, "invalid_grant"))
    details = yield from read_details(row)
    is_proven = yield Compute("token.hash", partial(_is_proven, caller, details))
    is_same_redirect = caller.parameters.get("redirect_uri") == details.get("redirect_uri")
    if row.client_id != caller.client_id or row.expires_at <= now or not is_same_redirect or not is_proven:
        return (yield from reply_error(400, "invalid_grant"))
    entry = Entry(code, key, row._replace(revoked_at=now), details)
    return (yield from issue_tokens(ctx, server, caller, entry))


def _is_proven(caller: Caller, details: Mapping[str, Any]) -> bool:
    challenge, verifier = details.get("code_challenge"), caller.parameters.get("code_verifier")
    if challenge is None:
        # A verifier without a challenge: an attacker has removed the challenge (RFC 9700 section 4.8.2).
        return verifier is None and not caller.is_public
    if verifier is None or not _VERIFIER.fullmatch(verifier):
        return False
    return hmac.compare_digest(compute_challenge(verifier), challenge)
