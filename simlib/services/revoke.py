"""Revocation endpoint (RFC 7009) for access tokens and refresh tokens."""

from functools import partial

from simlib.scenario.effects import Call, Compute, Context, Flow, Reply
from simlib.scenario.messages import HttpRequest, StoreGet, StoreRevoke, TokenRow
from simlib.services.authorization_server import AuthorizationServer
from simlib.services.client_authentication import identify
from simlib.services.http import reply_error, reply_invalid_client
from simlib.services.token_families import find_family, read_details, revoke_family
from simlib.tokens import make_store_key


def revoke(ctx: Context, request: HttpRequest, server: AuthorizationServer) -> Flow[Reply]:
    """Authenticate the client and revoke the token; an unknown token is no error (section 2.2).

    A token of another client is not revoked, and the reply is an error (section 2.1).
    """
    caller = yield from identify(request, server)
    if caller is None:
        return (yield from reply_invalid_client())
    client_id = caller.client_id
    token = caller.parameters.get("token")
    if not token:
        return (yield from reply_error(400, "invalid_request"))
    row = yield from server.tokens.inspect(ctx, token)
    if row is None:
        owner = yield from _revoke_refresh_token(ctx, server, token, client_id)
    else:
        owner = row.client_id
        if owner == client_id:
            yield from server.tokens.revoke(ctx, token)
    return Reply(200) if owner == client_id else (yield from reply_error(400, "invalid_grant"))


def _revoke_refresh_token(ctx: Context, server: AuthorizationServer, token: str, client_id: str) -> Flow[str]:
    """Revoke a refresh token and return its client's id; for any other text return the caller's id."""
    key = yield Compute("token.hash", partial(make_store_key, token))
    stored = yield Call("store", StoreGet(key))
    if stored is None or stored.kind != "refresh":
        return client_id
    row = TokenRow(*stored)
    if row.client_id == client_id:
        yield Call("store", StoreRevoke(key, ctx.now()))
        details = yield from read_details(row)
        if details:  # a member of a family: all tokens of the same sign-in are revoked (section 2.1)
            family = yield from find_family(token, key, details)
            yield from revoke_family(ctx, server, family)
    return row.client_id
