"""A refresh token for a new access token (RFC 6749 section 6); with rotation it is good for one use (RFC 9700)."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from simlib.scenario.effects import Call, Compute, Context, Flow, Reply
from simlib.scenario.messages import StoreConsume, StoreGet, TokenRow
from simlib.services.authorization_server import AuthorizationServer
from simlib.services.client_authentication import Caller
from simlib.services.grants.issuance import (
    RedeemedGrant,
    add_id_token,
    issue_access_token,
    issue_refresh_token,
    needs_rotation,
    reply_tokens,
)
from simlib.services.http import reply_error, reply_json
from simlib.services.token_families import find_family, read_details, revoke_family
from simlib.tokens import make_store_key


def redeem_refresh_token(ctx: Context, caller: Caller, server: AuthorizationServer) -> Flow[Reply]:
    """The same grant again, for all or part of its scope; the one that was used is replaced under rotation."""
    presented = caller.parameters.get("refresh_token", "")
    key = yield Compute("token.hash", partial(make_store_key, presented))
    found = yield Call("store", StoreGet(key))
    if found is None or found.kind != "refresh" or found.client_id != caller.client_id:
        return (yield from reply_error(400, "invalid_grant"))
    row = TokenRow(*found)
    details = yield from read_details(row)
    used = RedeemedGrant(presented, key, row, details)
    rotating = needs_rotation(server, caller, details.get("cnf", {}))
    if row.revoked_at is not None and rotating:
        return (yield from _refuse_reuse(ctx, server, used))
    if row.revoked_at is not None or row.expires_at <= ctx.now():
        return (yield from reply_error(400, "invalid_grant"))
    scope = caller.parameters.get("scope", row.scope)
    if not set(scope.split()) <= set(row.scope.split()):
        return (yield from reply_error(400, "invalid_scope"))
    grant = server.make_grant(row.subject, caller.client_id, scope)
    if _is_bound_to_other_key(details, grant.confirmation):
        return (yield from reply_error(400, "invalid_grant"))
    if rotating:
        return (yield from _rotate(ctx, server, caller, used, grant))
    _, answer = yield from issue_access_token(ctx, server, grant)
    yield from add_id_token(ctx, server, caller, used, answer)
    return (yield from reply_json(answer))


def _rotate(ctx: Context, server: AuthorizationServer, caller: Caller, used: RedeemedGrant, grant: Any) -> Flow[Reply]:
    at = ctx.now()
    before = yield Call("store", StoreConsume(used.key, at))
    if before is None or before.revoked_at is not None:  # somebody was quicker, and one of the two is a thief
        return (yield from _refuse_reuse(ctx, server, used))
    used = used._replace(row=used.row._replace(revoked_at=at))
    family = yield from find_family(used.token, used.key, used.details)
    issued, answer = yield from issue_access_token(ctx, server, grant)
    answer["refresh_token"] = yield from issue_refresh_token(ctx, server, caller, used, family, grant, issued)
    return (yield from reply_tokens(ctx, server, caller, used, family, issued, answer))


def _refuse_reuse(ctx: Context, server: AuthorizationServer, used: RedeemedGrant) -> Flow[Reply]:
    """Client and thief cannot be told apart, so both lose what they have (RFC 9700 section 4.14.2)."""
    family = yield from find_family(used.token, used.key, used.details)
    yield from revoke_family(ctx, server, family)
    return (yield from reply_error(400, "invalid_grant"))


def _is_bound_to_other_key(details: Mapping[str, Any], confirmation: Mapping[str, str]) -> bool:
    """Whether the client does not prove the key that its refresh token is bound to; only those of public clients are
    (RFC 9449 section 5).
    """
    return "cnf" in details and details["cnf"] != dict(confirmation)
