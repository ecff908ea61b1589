"""Token issuance, which every grant type shares: the tokens and the token response (RFC 6749 section 5.1)."""

import math
from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

from simlib.scenario.effects import Call, Compute, Context, Flow, Reply
from simlib.scenario.messages import StorePut, TokenRow
from simlib.services.authorization_server import AuthorizationServer
from simlib.services.client_authentication import Caller
from simlib.services.http import reply_error, reply_json
from simlib.services.token_families import Family, is_revoked, link_successor, record_access_token, seal_details
from simlib.tokens import ID_TOKEN_TYPE, build_id_token_claims, make_opaque_token, make_store_key, split_scope

ID_TOKEN_LIFETIME_S = 300.0
"""Assumption: long enough for a client to read it once."""


class Entry(NamedTuple):
    """A redeemed credential, its key, its row after consumption, and the decoded details of the row."""

    token: str
    key: str
    row: TokenRow
    details: Mapping[str, Any]


def make_reference(ctx: Context, purpose: str) -> Flow[tuple[str, str]]:
    """Make a random reference; return it and its key."""
    reference: tuple[str, str] = yield Compute("opaque.issue", partial(_make_token, ctx.random_bytes(purpose, 32)))
    return reference


def issue_access_token(ctx: Context, server: AuthorizationServer, grant: Any) -> Flow[tuple[Any, dict[str, Any]]]:
    """Issue an access token; return it and the token response with it."""
    issued = yield from server.tokens.issue(ctx, grant)
    answer = {
        "access_token": issued.token,
        "token_type": "DPoP" if "jkt" in grant.confirmation else "Bearer",  # RFC 9449 section 5
        # From now and rounded down: counted from iat, a client would use the token up to 1 s too long.
        "expires_in": math.floor(issued.expires_at - ctx.now()),
        "scope": grant.scope,
    }
    return issued, answer


def needs_rotation(server: AuthorizationServer, caller: Caller, confirmation: Mapping[str, Any]) -> bool:
    """Whether a refresh token is valid for one use. One of a public client must be, unless it is bound to a key of the
    client (RFC 9700 section 2.2.2).
    """
    return server.refresh.rotation or (caller.is_public and not confirmation)


def issue_tokens(ctx: Context, server: AuthorizationServer, caller: Caller, entry: Entry) -> Flow[Reply]:
    """Issue the tokens of a sign-in: access token, refresh token if registered, ID token if requested."""
    row, family = entry.row, Family(entry.key, entry.token)
    grant = server.make_grant(row.subject, caller.client_id, row.scope)
    issued, answer = yield from issue_access_token(ctx, server, grant)
    if "refresh_token" in server.find_registration(caller.client_id).grant_types:
        answer["refresh_token"] = yield from issue_refresh_token(ctx, server, caller, entry, family, grant, issued)
    else:
        yield from record_access_token(ctx, entry.key, row, entry.details, family, issued)
    return (yield from reply_tokens(ctx, server, caller, entry, family, issued, answer))


def issue_refresh_token(
    ctx: Context, server: AuthorizationServer, caller: Caller, entry: Entry, family: Family, grant: Any, issued: Any
) -> Flow[str]:
    """Issue the refresh token that succeeds a redeemed credential, of the same scope (RFC 6749 section 6)."""
    token, key = yield from make_reference(ctx, "refresh_token")
    further = {name: entry.details[name] for name in ("auth_time", "session_until") if name in entry.details}
    if caller.is_public and grant.confirmation:
        further["cnf"] = dict(grant.confirmation)
    details = yield from seal_details(ctx, family, token, issued, further)
    now = ctx.now()
    until = min(now + server.refresh.lifetime_s, further.get("session_until", math.inf))
    row = TokenRow("refresh", entry.row.subject, caller.client_id, entry.row.scope, "", now, until, None, details)
    yield Call("store", StorePut(key, row))
    yield from link_successor(entry.key, entry.row, entry.details, key)
    return token


def reply_tokens(
    ctx: Context,
    server: AuthorizationServer,
    caller: Caller,
    entry: Entry,
    family: Family,
    issued: Any,
    answer: dict[str, Any],
) -> Flow[Reply]:
    """Reply with the tokens, or with an error when the family was revoked meanwhile: then no issued token is sent."""
    if (yield from is_revoked(family)):
        return (yield from reply_error(400, "invalid_grant"))
    yield from add_id_token(ctx, server, caller, entry, answer)
    return (yield from reply_json(answer))


def add_id_token(
    ctx: Context, server: AuthorizationServer, caller: Caller, entry: Entry, answer: dict[str, Any]
) -> Flow[None]:
    """Add an ID token when the scope has "openid" (OpenID Connect Core sections 3.1.3.3 and 12.2).

    It has claims about the user when the scope has "profile"; only the first of a sign-in has the nonce.
    """
    scope = split_scope(answer["scope"])
    if "openid" not in scope or server.sign is None:
        return
    subject = entry.row.subject
    claims = build_id_token_claims(
        server.issuer,
        caller.client_id,
        subject,
        ctx.now(),
        ID_TOKEN_LIFETIME_S,
        auth_time=entry.details.get("auth_time"),
        nonce=entry.details.get("nonce", ""),
        extra=server.user_claims(subject) if "profile" in scope else {},
    )
    answer["id_token"] = yield from server.sign(ctx, claims, ID_TOKEN_TYPE)


def _make_token(entropy: bytes) -> tuple[str, str]:
    token = make_opaque_token(entropy)
    return token, make_store_key(token)
