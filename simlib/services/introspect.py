"""The introspection endpoint (RFC 7662): tells an authenticated resource server what a token stands for now."""

from collections.abc import Mapping
from typing import Any

from simlib.scenario.effects import Context, Flow, Reply
from simlib.scenario.messages import HttpRequest, TokenRow
from simlib.services.authorization_server import AuthorizationServer, Sign
from simlib.services.client_authentication import authenticate
from simlib.services.http import parse_form, reply_error, reply_invalid_client, reply_json
from simlib.services.token_families import read_details
from simlib.tokens import ACCESS_TOKEN_TYPE, to_numeric_date

JWT = "application/jwt"
"""Asks for the token itself as a signed JWT, which can be passed on (a phantom token)."""

SIGNED_ANSWER = "application/token-introspection+jwt"
"""Asks for the answer as a signed JWT (RFC 9701 section 4)."""


def introspect(ctx: Context, request: HttpRequest, server: AuthorizationServer) -> Flow[Reply]:
    """Authenticate the caller, look the token up, answer; what is not active gets no other word (section 2.2)."""
    caller = yield from authenticate(request.authorization, server.clients)
    if caller is None or caller not in server.may_introspect:
        return (yield from reply_invalid_client())
    parameters = yield from parse_form(request.body)
    if not parameters.get("token"):
        return (yield from reply_error(400, "invalid_request"))
    if request.accept in (JWT, SIGNED_ANSWER) and server.sign is None:
        return Reply(406)
    row = yield from server.tokens.inspect(ctx, parameters["token"])
    known = {} if row is None else (yield from _build_claims(server, row))
    if request.accept == JWT and server.sign is not None:
        return (yield from _reply_phantom_token(ctx, server.sign, known))
    answer = {**known, "active": row is not None}
    if request.accept == SIGNED_ANSWER and server.sign is not None:
        return (yield from _reply_signed(ctx, server.sign, server.issuer, caller, answer))
    return (yield from reply_json(answer))


def _build_claims(server: AuthorizationServer, row: TokenRow) -> Flow[dict[str, Any]]:
    """What a token stands for; nothing that was added to it can take the place of a usual claim."""
    details = yield from read_details(row)
    added = {name: details[name] for name in ("cnf", "act", "jti") if name in details}
    return {
        **(server.user_claims(row.subject) if server.answers_with_claims else {}),
        **details.get("claims", {}),
        **added,
        "active": True,
        "iss": server.issuer,
        "aud": row.audience,
        "sub": row.subject,
        "client_id": row.client_id,
        "scope": row.scope,
        "iat": to_numeric_date(row.issued_at),
        "exp": to_numeric_date(row.expires_at),
    }


def _reply_phantom_token(ctx: Context, sign: Sign, known: Mapping[str, Any]) -> Flow[Reply]:
    """The claims as an access token of RFC 9068; no content for a token that is not active."""
    if not known:
        return Reply(204)
    claims = {name: value for name, value in known.items() if name != "active"}
    jti = ctx.random_bytes("jti", 16).hex()
    token = yield from sign(ctx, {"jti": jti, **claims}, ACCESS_TOKEN_TYPE)
    return Reply(200, token.encode())


def _reply_signed(ctx: Context, sign: Sign, issuer: str, caller: str, answer: Mapping[str, Any]) -> Flow[Reply]:
    """The answer inside a JWT that is no access token, whoever should take it for one (RFC 9701 sections 5 and 8.1)."""
    claims = {"iss": issuer, "aud": caller, "iat": to_numeric_date(ctx.now()), "token_introspection": answer}
    token = yield from sign(ctx, claims, "token-introspection+jwt")
    return Reply(200, token.encode())
