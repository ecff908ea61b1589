"""A service's API: validate the token, find out about the user where needed, call other services, do the work."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from simlib.scenario.effects import Answer, Call, Compute, Context, Failed, Flow, Reply, Verdict
from simlib.scenario.messages import HttpRequest
from simlib.services.http import is_too_large, parse_authorization, parse_json_object, reply_upstream_error

WORK = Compute("service.work")
_INVALID_TOKEN = Reply(401, b"", 'Bearer error="invalid_token"')


Credential = Callable[[str, str], Flow[str | Failed]]
"""The token that came in and an audience -> the token for a call there; empty when there is none to be had, Failed when
the authorization server could not be asked.
"""


def _reuse_token(token: str, audience: str) -> Flow[str | Failed]:
    yield from ()
    return token


@dataclass(frozen=True)
class ResourceServer:
    """``validate`` takes the request as it came; ``calls_userinfo``: claims about the user come from a userinfo call.

    ``user_claim`` is the claim that the API cannot do without when a request needs user information. ``calls``, each a
    target and the audience that it accepts tokens for, are made one after another for every request, with the token
    that ``credential`` gives. Requests whose headers are beyond
    ``header_limit_bytes``, ``head_bytes`` for the usual ones included, are refused.
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
    """One API request."""
    if is_too_large(request, resource.header_limit_bytes, resource.head_bytes):
        return Reply(431)  # RFC 6585 section 5
    verdict = yield from resource.validate(request)
    if not verdict.accepted:
        return Reply(verdict.status, b"", verdict.challenge, verdict.nonce)
    if request.needs_user_information:
        claims = verdict.claims
        if resource.calls_userinfo:
            asked = yield from _call_userinfo(request.authorization, resource)
            if asked is None:
                return _INVALID_TOKEN
            claims = asked
        if resource.user_claim not in claims:
            return Reply(502)
    if resource.calls:
        failure = yield from _call_others(request, resource)
        if failure is not None:
            return failure
    yield WORK
    return Reply(200, resource.body, nonce=verdict.nonce, cookie=verdict.cookie)


def _call_userinfo(authorization: str, resource: ResourceServer) -> Flow[Mapping[str, Any] | None]:
    """The user's claims, empty when they cannot be had; None when the AS says that the token is no longer good."""
    answer: Answer = yield Call("userinfo", HttpRequest(authorization), resource.timeout_s)
    if isinstance(answer, Reply) and answer.status == 401:
        return None  # the client should get a new token, so it must hear that this one is spent
    if isinstance(answer, Failed) or answer.status != 200:
        return {}
    claims: Mapping[str, Any] = yield Compute("json.decode", partial(parse_json_object, answer.body))
    return claims


def _call_others(request: HttpRequest, resource: ResourceServer) -> Flow[Reply | None]:
    """Call every inner service on behalf of the caller; the answer to give when one of them fails, else None."""
    _, token = parse_authorization(request.authorization)
    for target, audience in resource.calls:
        inner = yield from resource.credential(token, audience)
        if isinstance(inner, Failed):
            return reply_upstream_error(inner)
        if not inner:
            return (
                _INVALID_TOKEN  # the authorization server gives nothing for this token any more, so a new one may help
            )
        forwarded = HttpRequest("Bearer " + inner, sensitive=request.sensitive)
        answer: Answer = yield Call(target, forwarded, resource.timeout_s)
        if isinstance(answer, Failed):
            return reply_upstream_error(answer)
        if answer.status == 401 and inner == token:
            return _INVALID_TOKEN  # it was the client's own token that was refused there, so a new one may help
        if answer.status != 200:
            return Reply(502)  # what went wrong between services is nothing that the client could mend
    return None
