"""A victim: codes are good as often as they come (RFC 6749 section 4.1.2 wants one use)."""

from typing import Any

from simlib.scenario.effects import Call, Context, Flow, Reply
from simlib.scenario.messages import HttpRequest, StoreConsume, StoreGet, TokenRow
from simlib.services.authorization_server import AuthorizationServer
from simlib.services.grants.authorization_code import code_key
from simlib.services.token import token

CODES = code_key("")[: len("code:")]


def reusable_codes(ctx: Context, request: HttpRequest, server: AuthorizationServer) -> Flow[Reply]:
    """The token endpoint, which reads a code instead of using it up."""
    flow, answer = token(ctx, request, server), None
    while True:
        try:
            effect: Any = flow.send(answer)
        except StopIteration as stop:
            reply: Reply = stop.value
            return reply
        if isinstance(effect, Call) and isinstance(effect.request, StoreConsume) and _is_code(effect.request.key):
            found = yield effect._replace(request=StoreGet(effect.request.key))
            answer = None if found is None else TokenRow(*found)._replace(revoked_at=None)
        else:
            answer = yield effect


def _is_code(key: str) -> bool:
    return key.startswith(CODES)
