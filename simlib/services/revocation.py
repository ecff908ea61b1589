"""Revocation: the endpoint that revokes access and refresh tokens (RFC 7009), the list of revocations from which
resource servers build their denylists, and the Status List Token (draft-ietf-oauth-status-list section 8.1).
"""

import json
import math
from collections.abc import Iterable
from functools import partial
from typing import Any

from simlib.scenario.effects import Call, Compute, Context, Flow, Reply
from simlib.scenario.messages import HttpRequest, StoreGet, StoreRevoke, StoreRevokedSince, TokenRow
from simlib.services.authorization_server import AuthorizationServer
from simlib.services.client_authentication import authenticate, identify
from simlib.services.http import parse_form, reply_error, reply_invalid_client
from simlib.services.token_families import find_family, read_details, revoke_family
from simlib.tokens import EPOCH, from_numeric_date, make_store_key, to_numeric_date

JTI_PREFIX = "jti:"
"""Prefix of the keys of rows that are found by the ``jti`` of a token."""


def revoke(ctx: Context, request: HttpRequest, server: AuthorizationServer) -> Flow[Reply]:
    """Authenticate the client and revoke the token; an unknown token is no error (RFC 7009 section 2.2).

    A token of another client is not revoked, and the reply is an error (RFC 7009 section 2.1).
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
        if details:  # a member of a family: all tokens of the same sign-in are revoked (RFC 7009 section 2.1)
            family = yield from find_family(token, key, details)
            yield from revoke_family(ctx, server, family)
    return row.client_id


def list_revocations(ctx: Context, request: HttpRequest, server: AuthorizationServer) -> Flow[Reply]:
    """List what was revoked after ``since`` (a NumericDate, fractions allowed) and has not expired, oldest first.

    ``leeway`` (seconds) adds tokens that expired so recently that the caller might still accept them. The reply is a
    JSON list of iss, jti, exp and revoked_at. Tokens are identified by issuer and ``jti``, never by their text: one
    signed token has several encodings. A revocation is stamped shortly before it is stored, so the next request should
    overlap this one by some seconds.
    """
    caller = yield from authenticate(request.authorization, server.clients)
    if caller not in server.may_introspect:
        return (yield from reply_invalid_client())
    parameters = yield from parse_form(request.body)
    since, leeway = _parse_instant(parameters.get("since", "")), _parse_seconds(parameters.get("leeway", "0"))
    if since is None or leeway is None:
        return (yield from reply_error(400, "invalid_request"))
    rows: Iterable[tuple[str, TokenRow]] = yield Call("store", StoreRevokedSince(since, ctx.now() - leeway))
    entries = []
    for key, row in rows:
        jti = yield from _find_jti(key, row)
        if jti:
            entries.append(_build_entry(server.issuer, jti, row))
    body = yield Compute("json.encode", partial(_encode_entries, entries))
    return Reply(200, body)


def _find_jti(key: str, row: TokenRow) -> Flow[str]:
    """Return the ``jti`` of an access token; empty for rows of other kinds and for tokens that have none."""
    if row.kind not in ("access", "revoked"):
        return ""
    if key.startswith(JTI_PREFIX):
        return key.removeprefix(JTI_PREFIX)
    details = yield from read_details(row)
    return str(details.get("jti", ""))


def _build_entry(issuer: str, jti: str, row: TokenRow) -> dict[str, Any]:
    revoked_at = EPOCH + (row.revoked_at or 0.0)
    return {"iss": issuer, "jti": jti, "exp": to_numeric_date(row.expires_at), "revoked_at": revoked_at}


def _encode_entries(entries: list[dict[str, Any]]) -> bytes:
    return json.dumps(entries, separators=(",", ":")).encode()


def _parse_instant(text: str) -> float | None:
    date = _parse_number(text)
    return None if date is None else from_numeric_date(date)


def _parse_seconds(text: str) -> float | None:
    seconds = _parse_number(text)
    return seconds if seconds is not None and seconds >= 0 else None


def _parse_number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def serve_status_list(ctx: Context, request: HttpRequest, server: AuthorizationServer) -> Flow[Reply]:
    """Reply with the signed list, without authentication because it identifies no user; 404 when there is none."""
    if server.status_list is None:
        return Reply(404)
    body = yield from server.status_list(ctx)
    return Reply(200, body)
