"""Machine-to-machine grants, without user and refresh token: client credentials (RFC 6749 section 4.4), and token
exchange (RFC 8693), by which a service gets a token for the service that it calls on behalf of the subject.
"""

from typing import NamedTuple

from simlib.scenario.effects import Context, Flow, Reply
from simlib.scenario.messages import TokenRow
from simlib.services.authorization_server import AuthorizationServer
from simlib.services.client_authentication import Caller
from simlib.services.http import reply_error, reply_json
from simlib.services.issuance import issue_access_token
from simlib.tokens import split_scope

ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"


def redeem_client_credentials(ctx: Context, caller: Caller, server: AuthorizationServer) -> Flow[Reply]:
    """Issue an access token whose subject is the client itself (RFC 9068 section 2.2), to confidential clients only."""
    if caller.is_public:
        return (yield from reply_error(400, "unauthorized_client"))
    scope = server.resolve_scope(caller.client_id, caller.parameters.get("scope"))
    if scope is None:
        return (yield from reply_error(400, "invalid_scope"))
    _, answer = yield from issue_access_token(ctx, server, server.make_grant(caller.client_id, caller.client_id, scope))
    return (yield from reply_json(answer))


class _Refusal(NamedTuple):
    code: str


def exchange_token(ctx: Context, caller: Caller, server: AuthorizationServer) -> Flow[Reply]:
    """Issue an access token for the subject, with the caller, or its actor token's subject, as actor (RFC 8693 4.1).

    The new token grants no more than the old one: its scope is the old one's or part of it.
    """
    if caller.is_public:
        return (yield from reply_error(400, "unauthorized_client"))
    parameters = caller.parameters
    audience = parameters.get("audience", "")
    subject = yield from _inspect_token(ctx, server, caller, "subject")
    if isinstance(subject, _Refusal):
        return (yield from reply_error(400, subject.code))
    actor = caller.client_id
    if "actor_token" in parameters or "actor_token_type" in parameters:
        acting_party = yield from _inspect_token(ctx, server, caller, "actor")
        if isinstance(acting_party, _Refusal):
            return (yield from reply_error(400, acting_party.code))
        actor = acting_party.subject
    if audience and audience not in server.audiences:
        return (yield from reply_error(400, "invalid_target"))
    scope = parameters.get("scope", subject.scope)
    if not set(split_scope(scope)) <= set(split_scope(subject.scope)):
        return (yield from reply_error(400, "invalid_scope"))
    grant = server.make_grant(subject.subject, caller.client_id, scope, audience=audience, actor=actor)
    _, answer = yield from issue_access_token(ctx, server, grant)
    return (yield from reply_json({**answer, "issued_token_type": ACCESS_TOKEN}))


def _inspect_token(ctx: Context, server: AuthorizationServer, caller: Caller, role: str) -> Flow[TokenRow | _Refusal]:
    """Return the row of the subject's or the actor's token: an access token of this server (RFC 8693 2.2.2)."""
    token, token_type = caller.parameters.get(f"{role}_token"), caller.parameters.get(f"{role}_token_type")
    requested_type = caller.parameters.get("requested_token_type", ACCESS_TOKEN)
    if not token or token_type != ACCESS_TOKEN or requested_type != ACCESS_TOKEN:
        return _Refusal("invalid_request")
    row = yield from server.tokens.inspect(ctx, token)
    return _Refusal("invalid_request") if row is None else row
