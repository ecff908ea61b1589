"""Asking the authorization server about a token (RFC 7662), as resource servers do: shared by the opaque parts.

Asking the authorization server for an access token that is a JWT, as the answer to an introspection.
"""

import json
from base64 import b64encode
from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from simlib.scenario.effects import Call, Compute, Context, Failed, Flow, Reply, Verdict
from simlib.scenario.messages import HttpRequest
from simlib.strategies.base import Credentials, DeploymentConfig
from simlib.strategies.call_interception import find_request_time
from simlib.strategies.verdicts import refuse_insufficient_scope, refuse_invalid_token
from simlib.tokens import has_scope, judge_time, payload_of


class IntrospectionResult(NamedTuple):
    """An answer and the instant (seconds) at which it was asked for, the latest that its content is sure to hold.

    ``text`` is the access token that came as the answer, where one was asked for.
    """

    answer: Mapping[str, Any]
    asked_at: float
    text: str = ""


def format_basic_authorization(credentials: Credentials) -> str:
    """The Authorization header of a confidential client (RFC 6749 section 2.3.1)."""
    pair = f"{quote(credentials.client_id, safe='')}:{quote(credentials.client_secret, safe='')}"
    return "Basic " + b64encode(pair.encode()).decode()


def request_introspection(
    ctx: Context, authorization: str, token: str, timeout: float | None, accept: str = "", target: str = "introspect"
) -> Flow[Reply | Failed]:
    """Ask about one token; ``timeout`` in seconds, ``accept`` the media type of the answer when it is not JSON."""
    form = {"token": token, "token_type_hint": "access_token"}
    # surrogatepass: whatever a client presents is asked about as it is, and never raises.
    body = yield Compute("form.encode", lambda: urlencode(form, errors="surrogatepass").encode())
    reply: Reply | Failed = yield Call(target, HttpRequest(authorization, body, accept=accept), timeout)
    return reply


def introspect(
    ctx: Context, authorization: str, token: str, timeout: float | None, target: str = "introspect"
) -> Flow[IntrospectionResult | Failed]:
    """Ask about one token and read the answer; ``timeout`` in seconds."""
    asked_at = ctx.now()
    reply = yield from request_introspection(ctx, authorization, token, timeout, target=target)
    if isinstance(reply, Failed):
        return reply
    if reply.status != 200:
        return Failed("status", reply.status, reply.retry_after)
    answer = yield Compute("json.decode", partial(parse_json_object, reply.body))
    # What nobody can read says nothing about the token, so it must not look like "inactive".
    if answer is None:
        return Failed("status", reply.status)
    return IntrospectionResult(answer, find_request_time(reply, asked_at))


def judge_answer(
    introspected: IntrospectionResult, now: float, leeway: float, scope: str, deployment: DeploymentConfig
) -> Verdict:
    """The verdict on an answer, at ``now`` (seconds): active, in time, from our issuer, for us, and for this scope."""
    answer, asked_at, _ = introspected
    if answer.get("active") is not True:
        return refuse_invalid_token("inactive", asked_at)
    if answer.get("iss") != deployment.issuer:
        return refuse_invalid_token("issuer", asked_at)
    if not _is_for(answer.get("aud"), deployment.audience):
        return refuse_invalid_token("audience", asked_at)
    untimely = judge_time(answer, now, leeway)
    if untimely is not None:
        return refuse_invalid_token(untimely, asked_at)
    if not has_scope(answer, scope):
        return refuse_insufficient_scope(scope, asked_at)
    return Verdict(True, claims=answer, based_on=asked_at)


def parse_json_object(body: bytes) -> Mapping[str, Any] | None:
    """The JSON object in a body, or None when there is none that can be read."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None


def _is_for(audience: object, ours: str) -> bool:
    return audience == ours or (isinstance(audience, list) and ours in audience)


JWT = "application/jwt"
_INACTIVE: tuple[Mapping[str, Any], str] = ({"active": False}, "")


def exchange_for_jwt(
    ctx: Context, authorization: str, token: str, timeout: float | None
) -> Flow[IntrospectionResult | Failed]:
    """What an opaque token stands for, with a JWT for it as ``text``; ``timeout`` in seconds.

    The JWT is believed as any introspection answer is, because the server itself gave it; nobody verifies it here.
    """
    asked_at = ctx.now()
    reply = yield from request_introspection(ctx, authorization, token, timeout, JWT)
    if isinstance(reply, Failed):
        return reply
    asked_at = find_request_time(reply, asked_at)
    if reply.status == 204:
        return IntrospectionResult(_INACTIVE[0], asked_at)
    if reply.status != 200:
        return Failed("status", reply.status, reply.retry_after)
    found = yield Compute("json.decode", partial(read_jwt, reply.body))
    return Failed("status", reply.status) if found is None else IntrospectionResult(found[0], asked_at, found[1])


def read_jwt(body: bytes) -> tuple[Mapping[str, Any], str] | None:
    """Answer and JWT in a body: a JWT, or JSON that says inactive. None for anything else."""
    answer = parse_json_object(body)
    if answer is not None:
        return _INACTIVE if answer.get("active") is False else None
    text = body.decode("ascii", "replace")
    claims = payload_of(text)
    return None if claims is None else ({**claims, "active": True}, text)
