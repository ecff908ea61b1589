"""The token endpoint (RFC 6749 section 3.2): redeems refresh tokens for access tokens (section 6)."""

import math
from collections.abc import Mapping
from functools import partial

from simlib.scenario.effects import Call, Compute, Context, Flow, Reply
from simlib.scenario.messages import HttpRequest, StoreGet, TokenRow
from simlib.services.authorization_server import AuthorizationServer
from simlib.services.client_authentication import authenticate
from simlib.services.http import error, form, invalid_client, json_reply
from simlib.tokens import store_key


def token(ctx: Context, request: HttpRequest, server: AuthorizationServer) -> Flow[Reply]:
    """Authenticate the client, check its grant, issue an access token."""
    client_id = yield from authenticate(request.authorization, server.clients)
    if client_id is None:
        return (yield from invalid_client())
    parameters = yield from form(request.body)
    if parameters.get("grant_type") != "refresh_token":
        return (yield from error(400, "unsupported_grant_type" if parameters.get("grant_type") else "invalid_request"))
    grant = yield from _refresh_grant(ctx, parameters, client_id)
    if grant is None:
        return (yield from error(400, "invalid_grant"))
    scope = parameters.get("scope", grant.scope)
    if not set(scope.split()) <= set(grant.scope.split()):
        return (yield from error(400, "invalid_scope"))
    issued = yield from server.tokens.issue(ctx, server.make_grant(grant.subject, client_id, scope))
    answer = {
        "access_token": issued.token,
        "token_type": "Bearer",
        # From now and rounded down: counted from iat, a client would believe in the token up to 1 s too long.
        "expires_in": math.floor(issued.expires_at - ctx.now()),
        "scope": scope,
    }
    return (yield from json_reply(answer))


def _refresh_grant(ctx: Context, parameters: Mapping[str, str], client_id: str) -> Flow[TokenRow | None]:
    key = yield Compute("token.hash", partial(store_key, parameters.get("refresh_token", "")))
    row = yield Call("store", StoreGet(key))
    if row is None or row.kind != "refresh" or row.client_id != client_id:
        return None
    if row.revoked_at is not None or row.expires_at <= ctx.now():
        return None
    return TokenRow(*row)
