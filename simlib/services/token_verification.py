"""Verification of tokens by resource servers: introspection (RFC 7662), which reports a token's state and claims to an
authenticated one, and the key set (RFC 7517 section 5; ``jwks_uri`` of RFC 8414 section 2) for local verification.
"""

from collections.abc import Mapping
from typing import Any

from simlib.scenario.effects import Compute, Context, Flow, Reply, new_tuple
from simlib.scenario.messages import HttpRequest, TokenRow
from simlib.services.authorization_server import AuthorizationServer, Sign
from simlib.services.client_authentication import authenticate
from simlib.services.http import parse_form, reply_error, reply_invalid_client, reply_json
from simlib.services.token_families import read_details
from simlib.tokens import ACCESS_TOKEN_TYPE, is_before_validity, to_numeric_date

JWT = "application/jwt"
"""Requests the claims as a signed access token, which can be forwarded (a phantom token)."""

SIGNED_ANSWER = "application/token-introspection+jwt"
"""Requests the introspection response as a signed JWT (RFC 9701 section 4)."""


def introspect(ctx: Context, request: HttpRequest, server: AuthorizationServer) -> Flow[Reply]:
    """Authenticate the caller, look the token up, reply with the Date by which the times in the answer are meant.

    An inactive token gets no further claims (RFC 7662 section 2.2).
    """
    reply = yield from _introspect(ctx, request, server)
    return new_tuple(Reply, (*reply[:-1], ctx.now()))  # the date is its last field


def _introspect(ctx: Context, request: HttpRequest, server: AuthorizationServer) -> Flow[Reply]:
    caller = yield from authenticate(request.authorization, server.clients)
    if caller is None or caller not in server.may_introspect:
        return (yield from reply_invalid_client())
    parameters = yield from parse_form(request.body)
    if not parameters.get("token"):
        return (yield from reply_error(400, "invalid_request"))
    if request.accept in (JWT, SIGNED_ANSWER) and server.sign is None:
        return Reply(406)
    row = yield from server.tokens.inspect(ctx, parameters["token"])
    claims = {} if row is None else (yield from _build_claims(server, row))
    if is_before_validity(claims, ctx.now()):  # RFC 7662 section 4
        claims = {}
    if request.accept == JWT and server.sign is not None:
        return (yield from _reply_phantom_token(ctx, server.sign, claims))
    answer = {**claims, "active": bool(claims)}
    if request.accept == SIGNED_ANSWER and server.sign is not None:
        return (yield from _reply_signed(ctx, server.sign, server.issuer, caller, answer))
    return (yield from reply_json(answer))


def _build_claims(server: AuthorizationServer, row: TokenRow) -> Flow[dict[str, Any]]:
    """Return the claims of a token; added claims never replace the registered ones."""
    claims: dict[str, Any] = {}
    if server.answers_with_claims:
        claims.update(server.user_claims(row.subject))
    if row.details:
        details = yield from read_details(row)
        claims.update(details.get("claims", {}))
        claims.update((name, details[name]) for name in ("cnf", "act", "jti") if name in details)
    return {
        **claims,
        "active": True,
        "iss": server.issuer,
        "aud": row.audience,
        "sub": row.subject,
        "client_id": row.client_id,
        "scope": row.scope,
        "iat": to_numeric_date(row.issued_at),
        "exp": to_numeric_date(row.expires_at),
    }


def _reply_phantom_token(ctx: Context, sign: Sign, claims: Mapping[str, Any]) -> Flow[Reply]:
    """Reply with the claims as an access token of RFC 9068; no content for an inactive token."""
    if not claims:
        return Reply(204)
    claims = {name: value for name, value in claims.items() if name != "active"}
    jti = ctx.random_bytes("jti", 16).hex()
    token = yield from sign(ctx, {"jti": jti, **claims}, ACCESS_TOKEN_TYPE)
    return Reply(200, token.encode())


def _reply_signed(ctx: Context, sign: Sign, issuer: str, caller: str, answer: Mapping[str, Any]) -> Flow[Reply]:
    """Reply with a JWT of its own type, which no resource server accepts as an access token (RFC 9701 5 and 8.1)."""
    claims = {"iss": issuer, "aud": caller, "iat": to_numeric_date(ctx.now()), "token_introspection": answer}
    token = yield from sign(ctx, claims, "token-introspection+jwt")
    return Reply(200, token.encode())


def serve_jwks(ctx: Context, request: HttpRequest, server: AuthorizationServer) -> Flow[Reply]:
    """Reply with the public keys, without authentication."""
    body = yield Compute("jwks.serve", server.jwks)
    return Reply(200, body)
