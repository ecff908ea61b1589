"""Introspection client of a resource server (RFC 7662): request, answer, and the verdict on it.

An opaque token can also be exchanged for a JWT, as the answer to its introspection."""

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
from simlib.tokens import find_mistyped_claim, has_audience, has_scope, judge_time, read_payload


class Introspection(NamedTuple):
    """An answer and the instant (seconds) at which it was requested, the latest at which its content is sure to hold.

    ``text`` is the access token that came as the answer, where one was requested.
    """

    answer: Mapping[str, Any]
    requested_at: float
    text: str = ""


def format_basic_authorization(credentials: Credentials) -> str:
    """Format the Authorization header of a confidential client (RFC 6749 section 2.3.1)."""
    pair = f"{quote(credentials.client_id, safe='')}:{quote(credentials.client_secret, safe='')}"
    return "Basic " + b64encode(pair.encode()).decode()


def request_introspection(
    ctx: Context, authorization: str, token: str, timeout: float | None, accept: str = "", target: str = "introspect"
) -> Flow[Reply | Failed]:
    """Request introspection of one token; ``timeout`` in seconds, ``accept`` the media type when it is not JSON."""
    form = {"token": token, "token_type_hint": "access_token"}
    # surrogatepass: any text that a client presents is sent as it is, and never raises.
    body = yield Compute("form.encode", lambda: urlencode(form, errors="surrogatepass").encode())
    reply: Reply | Failed = yield Call(target, HttpRequest(authorization, body, accept=accept), timeout)
    return reply


def introspect(
    ctx: Context, authorization: str, token: str, timeout: float | None, target: str = "introspect"
) -> Flow[Introspection | Failed]:
    """Introspect one token and read the answer; ``timeout`` in seconds."""
    requested_at = ctx.now()
    reply = yield from request_introspection(ctx, authorization, token, timeout, target=target)
    if isinstance(reply, Failed):
        return reply
    if reply.status != 200:
        return Failed("status", reply.status, reply.retry_after)
    answer = yield Compute("json.decode", partial(parse_json_object, reply.body))
    # An unreadable answer says nothing about the token, so it must not count as "inactive".
    if answer is None:
        return Failed("status", reply.status)
    return Introspection(answer, find_request_time(reply, requested_at))


def judge_answer(result: Introspection, now: float, leeway: float, scope: str, deployment: DeploymentConfig) -> Verdict:
    """Judge an answer at ``now`` (seconds): active, types of its members, issuer, audience, time and scope."""
    answer, requested_at, _ = result
    if answer.get("active") is not True:
        return refuse_invalid_token("inactive", requested_at)
    if find_mistyped_claim(answer):
        return refuse_invalid_token("malformed", requested_at)
    if answer.get("iss") != deployment.issuer:
        return refuse_invalid_token("issuer", requested_at)
    if not has_audience(answer, deployment.audience):
        return refuse_invalid_token("audience", requested_at)
    untimely = judge_time(answer, now, leeway)
    if untimely is not None:
        return refuse_invalid_token(untimely, requested_at)
    if not has_scope(answer, scope):
        return refuse_insufficient_scope(scope, requested_at)
    return Verdict(True, claims=answer, based_on=requested_at)


def parse_json_object(body: bytes) -> Mapping[str, Any] | None:
    """Parse the JSON object in a body; None when there is none that can be read."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None


JWT = "application/jwt"
_INACTIVE: tuple[Mapping[str, Any], str] = ({"active": False}, "")


def exchange_for_jwt(
    ctx: Context, authorization: str, token: str, timeout: float | None
) -> Flow[Introspection | Failed]:
    """Exchange an opaque token for a JWT, which becomes ``text``; ``timeout`` in seconds.

    The JWT is accepted as any introspection answer, because the server itself sent it; it is not verified here.
    """
    requested_at = ctx.now()
    reply = yield from request_introspection(ctx, authorization, token, timeout, JWT)
    if isinstance(reply, Failed):
        return reply
    requested_at = find_request_time(reply, requested_at)
    if reply.status == 204:
        return Introspection(_INACTIVE[0], requested_at)
    if reply.status != 200:
        return Failed("status", reply.status, reply.retry_after)
    content = yield Compute("json.decode", partial(read_jwt, reply.body))
    return Failed("status", reply.status) if content is None else Introspection(content[0], requested_at, content[1])


def read_jwt(body: bytes) -> tuple[Mapping[str, Any], str] | None:
    """Read answer and JWT from a body: a JWT, or JSON that says inactive. None for anything else."""
    answer = parse_json_object(body)
    if answer is not None:
        return _INACTIVE if answer.get("active") is False else None
    text = body.decode("ascii", "replace")
    claims = read_payload(text)
    return None if claims is None else ({**claims, "active": True}, text)
