"""Asking the authorization server about a token (RFC 7662), as resource servers do: shared by the opaque parts."""

import json
from base64 import b64encode
from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from simlib.scenario.effects import Call, Compute, Context, Failed, Flow
from simlib.scenario.messages import HttpRequest
from simlib.scenario.verdict import Verdict
from simlib.strategies import refusals
from simlib.strategies.base import Credentials, Deployment
from simlib.tokens import has_scope, judge_time


class Introspected(NamedTuple):
    """An answer and the instant (seconds) at which it was asked for, the latest that its content is sure to hold."""

    answer: Mapping[str, Any]
    asked_at: float


def basic(credentials: Credentials) -> str:
    """The Authorization header of a confidential client (RFC 6749 section 2.3.1)."""
    pair = f"{quote(credentials.client_id, safe='')}:{quote(credentials.client_secret, safe='')}"
    return "Basic " + b64encode(pair.encode()).decode()


def introspect(ctx: Context, authorization: str, token: str, timeout: float | None) -> Flow[Introspected | Failed]:
    """Ask about one token; ``timeout`` in seconds."""
    asked_at = ctx.now()
    form = {"token": token, "token_type_hint": "access_token"}
    # surrogatepass: whatever a client presents is asked about as it is, and never raises.
    body = yield Compute("form.encode", lambda: urlencode(form, errors="surrogatepass").encode())
    reply = yield Call("introspect", HttpRequest(authorization, body), timeout)
    if isinstance(reply, Failed):
        return reply
    if reply.status != 200:
        return Failed("status", reply.status)
    answer = yield Compute("json.decode", partial(_read, reply.body))
    # What nobody can read says nothing about the token, so it must not look like "inactive".
    return Failed("status", reply.status) if answer is None else Introspected(answer, asked_at)


def judge(introspected: Introspected, now: float, leeway: float, scope: str, deployment: Deployment) -> Verdict:
    """The verdict on an answer, at ``now`` (seconds): active, in time, from our issuer, for us, and for this scope."""
    answer, asked_at = introspected
    if answer.get("active") is not True:
        return refusals.invalid_token("inactive", asked_at)
    if answer.get("iss") != deployment.issuer:
        return refusals.invalid_token("issuer", asked_at)
    if not _is_for(answer.get("aud"), deployment.audience):
        return refusals.invalid_token("audience", asked_at)
    untimely = judge_time(answer, now, leeway)
    if untimely is not None:
        return refusals.invalid_token(untimely, asked_at)
    if not has_scope(answer, scope):
        return refusals.insufficient_scope(scope, asked_at)
    return Verdict(True, claims=answer, based_on=asked_at)


def _read(body: bytes) -> Mapping[str, Any] | None:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None


def _is_for(audience: object, ours: str) -> bool:
    return audience == ours or (isinstance(audience, list) and ours in audience)
