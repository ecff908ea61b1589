"""Asking the authorization server for an access token that is a JWT, as the answer to an introspection."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from simlib.scenario.effects import Compute, Context, Failed, Flow
from simlib.strategies.intercepting import question_of
from simlib.strategies.introspection import Introspected, ask, json_object
from simlib.tokens import payload_of

JWT = "application/jwt"
_INACTIVE: tuple[Mapping[str, Any], str] = ({"active": False}, "")


def exchange_for_jwt(
    ctx: Context, authorization: str, token: str, timeout: float | None
) -> Flow[Introspected | Failed]:
    """What an opaque token stands for, with a JWT for it as ``text``; ``timeout`` in seconds.

    The JWT is believed as any introspection answer is, because the server itself gave it; nobody verifies it here.
    """
    asked_at = ctx.now()
    reply = yield from ask(ctx, authorization, token, timeout, JWT)
    if isinstance(reply, Failed):
        return reply
    asked_at = question_of(reply, asked_at)
    if reply.status == 204:
        return Introspected(_INACTIVE[0], asked_at)
    if reply.status != 200:
        return Failed("status", reply.status, reply.retry_after)
    found = yield Compute("json.decode", partial(read_jwt, reply.body))
    return Failed("status", reply.status) if found is None else Introspected(found[0], asked_at, found[1])


def read_jwt(body: bytes) -> tuple[Mapping[str, Any], str] | None:
    """Answer and JWT in a body: a JWT, or JSON that says inactive. None for anything else."""
    answer = json_object(body)
    if answer is not None:
        return _INACTIVE if answer.get("active") is False else None
    text = body.decode("ascii", "replace")
    claims = payload_of(text)
    return None if claims is None else ({**claims, "active": True}, text)
