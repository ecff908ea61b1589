"""Refresh token grant (RFC 6749 section 6); with rotation a refresh token is valid for one use (RFC 9700)."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from simlib.scenario.effects import Call, Compute, Context, Flow, Reply
from simlib.scenario.messages import StoreConsume, StoreGet, TokenRow
from simlib.services.authorization_server import AuthorizationServer
from simlib.services.client_authentication import Caller
from simlib.services.http import reply_error, reply_json
from simlib.services.issuance import (
    Entry,
    add_id_token,
    issue_access_token,
    issue_refresh_token,
    needs_rotation,
    reply_tokens,
)
from simlib.services.token_families import find_family, read_details, revoke_family
from simlib.tokens import make_store_key, split_scope


def redeem_refresh_token(ctx: Context, caller: Caller, server: AuthorizationServer) -> Flow[Reply]:
    """Issue an access token for all or part of the scope; under rotation also the next refresh token."""
    presented = caller.parameters.get("refresh_token", "")
    key = yield Compute("token.hash", partial(make_store_key, presented))
    stored = yield Call("store", StoreGet(key))
    if stored is None or stored.kind != "refresh" or stored.client_id != caller.client_id:
        return (yield from reply_error(400, "invalid_grant"))
    row = TokenRow(*stored)
    details = yield from read_details(row)
    entry = Entry(presented, key, row, details)
    is_rotated = needs_rotation(server, caller, details.get("cnf", {}))
    if row.revoked_at is not None and is_rotated:
        return (yield from _refuse_reuse(ctx, server, entry))
    if row.revoked_at is not None or row.expires_at <= ctx.now():
        return (yield from reply_error(400, "invalid_grant"))
    scope = caller.parameters.get("scope", row.scope)
    if not set(split_scope(scope)) <= set(split_scope(row.scope)):
        return (yield from reply_error(400, "invalid_scope"))
    grant = server.make_grant(row.subject, caller.client_id, scope)
    if _is_bound_to_other_key(details, grant.confirmation):
        return (yield from reply_error(400, "invalid_grant"))
    if is_rotated:
        return (yield from _rotate(ctx, server, caller, entry, grant))
    _, answer = yield from issue_access_token(ctx, server, grant)
    yield from add_id_token(ctx, server, caller, entry, answer)
    return (yield from reply_json(answer))


def _rotate(ctx: Context, server: AuthorizationServer, caller: Caller, entry: Entry, grant: Any) -> Flow[Reply]:
    now = ctx.now()
    consumed = yield Call("store", StoreConsume(entry.key, now))
    if consumed is None or consumed.revoked_at is not None:  # reused, so one of the two is an attacker's
        return (yield from _refuse_reuse(ctx, server, entry))
    entry = entry._replace(row=entry.row._replace(revoked_at=now))
    family = yield from find_family(entry.token, entry.key, entry.details)
    issued, answer = yield from issue_access_token(ctx, server, grant)
    answer["refresh_token"] = yield from issue_refresh_token(ctx, server, caller, entry, family, grant, issued)
    return (yield from reply_tokens(ctx, server, caller, entry, family, issued, answer))


def _refuse_reuse(ctx: Context, server: AuthorizationServer, entry: Entry) -> Flow[Reply]:
    """Revoke the family: client and attacker cannot be distinguished, so both lose their tokens (RFC 9700 4.14.2)."""
    family = yield from find_family(entry.token, entry.key, entry.details)
    yield from revoke_family(ctx, server, family)
    return (yield from reply_error(400, "invalid_grant"))


def _is_bound_to_other_key(details: Mapping[str, Any], confirmation: Mapping[str, str]) -> bool:
    """Whether the client does not prove possession of the key that its refresh token is bound to; only refresh tokens
    of public clients are bound (RFC 9449 section 5).
    """
    return "cnf" in details and details["cnf"] != dict(confirmation)
