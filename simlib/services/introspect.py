"""The introspection endpoint (RFC 7662): tells an authenticated resource server what a token stands for now."""

from simlib.scenario.effects import Context, Flow, Reply
from simlib.scenario.messages import HttpRequest
from simlib.services.authorization_server import AuthorizationServer
from simlib.services.client_authentication import authenticate
from simlib.services.http import error, form, invalid_client, json_reply
from simlib.tokens import to_numeric_date


def introspect(ctx: Context, request: HttpRequest, server: AuthorizationServer) -> Flow[Reply]:
    """Authenticate the caller, look the token up, answer; what is not active gets no other word (section 2.2)."""
    caller = yield from authenticate(request.authorization, server.clients)
    if caller not in server.may_introspect:
        return (yield from invalid_client())
    parameters = yield from form(request.body)
    if not parameters.get("token"):
        return (yield from error(400, "invalid_request"))
    row = yield from server.tokens.inspect(ctx, parameters["token"])
    if row is None:
        return (yield from json_reply({"active": False}))
    answer = {
        **(server.user_claims(row.subject) if server.answers_with_claims else {}),
        "active": True,
        "iss": server.issuer,
        "aud": row.audience,
        "sub": row.subject,
        "client_id": row.client_id,
        "scope": row.scope,
        "iat": to_numeric_date(row.issued_at),
        "exp": to_numeric_date(row.expires_at),
    }
    return (yield from json_reply(answer))
