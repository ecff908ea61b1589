"""The resource server's API: validate the token, find out about the user where needed, do the work."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from simlib.scenario.effects import Answer, Call, Compute, Context, Failed, Flow, Reply
from simlib.scenario.messages import HttpRequest
from simlib.scenario.verdict import Verdict
from simlib.services.http import json_object

WORK = Compute("service.work")


@dataclass(frozen=True)
class Api:
    """``validate`` takes the presented token; ``asks_userinfo``: claims about the user come from a userinfo call.

    ``user_claim`` is the claim that the API cannot do without when a request needs user information.
    """

    validate: Callable[[str], Flow[Verdict]]
    asks_userinfo: bool
    user_claim: str
    body: bytes
    timeout_s: float | None = 10.0


def api(ctx: Context, request: HttpRequest, resource: Api) -> Flow[Reply]:
    """One API request."""
    scheme, _, token = request.authorization.partition(" ")
    verdict = yield from resource.validate(token if scheme.lower() == "bearer" else "")
    if not verdict.accepted:
        return Reply(verdict.status, b"", verdict.challenge)
    if request.needs_user_information:
        claims = verdict.claims
        if resource.asks_userinfo:
            asked = yield from _ask(request.authorization, resource)
            if asked is None:
                return Reply(401, b"", 'Bearer error="invalid_token"')
            claims = asked
        if resource.user_claim not in claims:
            return Reply(502)
    yield WORK
    return Reply(200, resource.body)


def _ask(authorization: str, resource: Api) -> Flow[Mapping[str, Any] | None]:
    """The user's claims, empty when they cannot be had; None when the AS says that the token is no longer good."""
    answer: Answer = yield Call("userinfo", HttpRequest(authorization), resource.timeout_s)
    if isinstance(answer, Reply) and answer.status == 401:
        return None  # the client should get a new token, so it must hear that this one is spent
    if isinstance(answer, Failed) or answer.status != 200:
        return {}
    claims: Mapping[str, Any] = yield Compute("json.decode", partial(json_object, answer.body))
    return claims
