"""The revocation endpoint (RFC 7009)."""

from functools import partial

from simlib.scenario.effects import Call, Compute, Context, Flow, Reply
from simlib.scenario.messages import HttpRequest, StoreGet, StoreRevoke
from simlib.services.authorization_server import AuthorizationServer
from simlib.services.client_authentication import authenticate
from simlib.services.http import error, form, invalid_client
from simlib.tokens import store_key


def revoke(ctx: Context, request: HttpRequest, server: AuthorizationServer) -> Flow[Reply]:
    """Authenticate the client and let the token be inactive; an unknown token is no error (section 2.2).

    A token of another client is left alone, and its client told so (section 2.1).
    """
    client_id = yield from authenticate(request.authorization, server.clients)
    if client_id is None:
        return (yield from invalid_client())
    parameters = yield from form(request.body)
    token = parameters.get("token")
    if not token:
        return (yield from error(400, "invalid_request"))
    row = yield from server.tokens.inspect(ctx, token)
    if row is None:
        owner = yield from _revoke_grant(ctx, token, client_id)
    else:
        owner = row.client_id
        if owner == client_id:
            yield from server.tokens.revoke(ctx, token)
    return Reply(200) if owner == client_id else (yield from error(400, "invalid_grant"))


def _revoke_grant(ctx: Context, token: str, client_id: str) -> Flow[str]:
    """Revoke a refresh token and return its client's id; what is no refresh token is taken for the caller's own."""
    key = yield Compute("token.hash", partial(store_key, token))
    row = yield Call("store", StoreGet(key))
    if row is None or row.kind != "refresh":
        return client_id
    if row.client_id == client_id:
        yield Call("store", StoreRevoke(key, ctx.now()))
    owner: str = row.client_id
    return owner
