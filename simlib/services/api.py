"""API of a resource server: validates the token, gets the user's claims where needed, calls other services, works."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from simlib.scenario.effects import Answer, Call, Compute, Context, Failed, Flow, Reply, Verdict, new_tuple
from simlib.scenario.messages import HttpRequest
from simlib.services.http import is_too_large, parse_authorization, parse_json_object, reply_upstream_error

WORK = Compute("service.work")
_INVALID_TOKEN = Reply(401, b"", 'Bearer error="invalid_token"')


Credential = Callable[[str, str], Flow[str | Failed]]
"""Received token and audience -> the token for a call there; empty when none is issued, Failed when the authorization
server cannot be reached.
"""


def _reuse_token(token: str, audience: str) -> Flow[str | Failed]:
    yield from ()
    return token


@dataclass(frozen=True)
class ResourceServer:
    """``validate`` takes the request as received; ``calls_userinfo``: claims about the user come from a userinfo call.

    ``user_claim`` is the claim that the API requires when a request needs user information. ``calls``, each a target
    and the audience that it accepts tokens for, are made one after another for every request, with the token that
    ``credential`` returns. Requests whose headers are larger than ``header_limit_bytes``, ``head_bytes`` for the usual
    ones included, are refused.
    """

    validate: Callable[[HttpRequest], Flow[Verdict]]
    calls_userinfo: bool
    user_claim: str
    body: bytes
    timeout_s: float | None = 10.0
    calls: tuple[tuple[str, str], ...] = ()
    credential: Credential = _reuse_token
    header_limit_bytes: int | None = None
    head_bytes: int = 0


def serve_api(ctx: Context, request: HttpRequest, resource: ResourceServer) -> Flow[Reply]:
    """Answer one API request."""
    if is_too_large(request, resource.header_limit_bytes, resource.head_bytes):
        return Reply(431)  # RFC 6585 section 5
    verdict = yield from resource.validate(request)
    if not verdict.accepted:
        return Reply(verdict.status, b"", verdict.challenge, verdict.nonce)
    if request.needs_user_information:
        claims = verdict.claims
        if resource.calls_userinfo:
            userinfo = yield from _call_userinfo(request.authorization, resource)
            if userinfo is None:
                return _INVALID_TOKEN
            claims = userinfo
        if resource.user_claim not in claims:
            return Reply(502)
    if resource.calls:
        failure = yield from _call_others(request, resource)
        if failure is not None:
            return failure
    yield WORK
    return new_tuple(Reply, (200, resource.body, "", verdict.nonce, None, verdict.cookie, None, None))


def _call_userinfo(authorization: str, resource: ResourceServer) -> Flow[Mapping[str, Any] | None]:
    """Return the user's claims, empty when userinfo fails; None when it refuses the token as invalid."""
    answer: Answer = yield Call("userinfo", HttpRequest(authorization), resource.timeout_s)
    if isinstance(answer, Reply) and answer.status == 401:
        return None  # a 401 makes the client get a new token
    if isinstance(answer, Failed) or answer.status != 200:
        return {}
    claims: Mapping[str, Any] = yield Compute("json.decode", partial(parse_json_object, answer.body))
    return claims


def _call_others(request: HttpRequest, resource: ResourceServer) -> Flow[Reply | None]:
    """Call every inner service on behalf of the caller; return the reply to send when one of them fails, else None."""
    _, token = parse_authorization(request.authorization)
    for target, audience in resource.calls:
        access_token = yield from resource.credential(token, audience)
        if isinstance(access_token, Failed):
            return reply_upstream_error(access_token)
        if not access_token:
            return _INVALID_TOKEN  # the authorization server refuses this token, so a new one may help
        forwarded = HttpRequest("Bearer " + access_token, sensitive=request.sensitive)
        answer: Answer = yield Call(target, forwarded, resource.timeout_s)
        if isinstance(answer, Failed):
            return reply_upstream_error(answer)
        if answer.status == 401 and access_token == token:
            return _INVALID_TOKEN  # the client's own token was refused there, so a new one may help
        if answer.status != 200:
            return Reply(502)  # an error between services, which the client cannot correct
    return None
