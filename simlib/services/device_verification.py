"""Where the user types in the code that a device shows, and lets it in or not (RFC 8628 section 3.3)."""

import json
from functools import partial

from simlib.scenario.effects import Call, Compute, Context, Flow, Reply
from simlib.scenario.messages import HttpRequest, StoreConsume, StorePut, TokenRow
from simlib.services.authorization_server import AuthorizationServer
from simlib.services.device_authorization import user_code_key
from simlib.services.families import read_details
from simlib.services.grants.device_code import decision_key
from simlib.services.http import error, form

DECISIONS = ("approve", "deny")


def device_verification(ctx: Context, request: HttpRequest, server: AuthorizationServer) -> Flow[Reply]:
    """The form has ``login``, ``password``, ``user_code`` and ``decision``, "approve" or "deny".

    Who is not signed in cannot try codes; a code is good for one decision.
    """
    parameters = yield from form(request.body)
    login, password = parameters.get("login", ""), parameters.get("password", "")
    known = yield Compute("user.authenticate", partial(server.sign_in, login, password))
    if not known:
        return (yield from error(403, "access_denied"))
    decision = parameters.get("decision")
    if decision not in DECISIONS:
        return (yield from error(400, "invalid_request"))
    now = ctx.now()
    found = yield Call("store", StoreConsume(user_code_key(parameters.get("user_code", "")), now))
    if found is None or found.revoked_at is not None or found.expires_at <= now:
        return (yield from error(400, "invalid_request"))
    row = TokenRow(*found)
    pending = yield from read_details(row)
    details = json.dumps({"approved": decision == "approve", "auth_time": now}, separators=(",", ":"))
    decided = row._replace(kind="decision", subject=login, details=details)
    yield Call("store", StorePut(decision_key(pending["device"]), decided))
    return Reply(200)
