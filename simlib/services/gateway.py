"""The gateway in front of the services: validates what comes from clients and passes it on (RFC 9110 section 3.7)."""

from collections.abc import Callable
from dataclasses import dataclass

from simlib.scenario.effects import Answer, Call, Compute, Context, Failed, Flow, Reply, Verdict
from simlib.scenario.messages import HttpRequest
from simlib.services.http import is_too_large, parse_authorization, reply_upstream_error

WORK = Compute("gateway.work")


@dataclass(frozen=True)
class Gateway:
    """``validate`` takes the request as it came, None passes it on unchecked; ``target`` is the service behind.

    Requests whose headers are beyond ``header_limit_bytes``, ``head_bytes`` for the usual ones included, are refused.
    """

    validate: Callable[[HttpRequest], Flow[Verdict]] | None
    timeout_s: float | None = 10.0
    header_limit_bytes: int | None = None
    head_bytes: int = 0
    target: str = "api"


def serve_gateway(ctx: Context, request: HttpRequest, resource: Gateway) -> Flow[Reply]:
    """One request from outside; the answer of the service goes back as it is.

    Inwards goes what the verdict says, else the token that came; proofs of possession end here.
    """
    if is_too_large(request, resource.header_limit_bytes, resource.head_bytes):
        return Reply(431)  # RFC 6585 section 5
    inwards, cookie = request, None
    if resource.validate is not None:
        verdict = yield from resource.validate(request)
        if not verdict.accepted:
            return Reply(verdict.status, b"", verdict.challenge, verdict.nonce)
        cookie = verdict.cookie
        _, token = parse_authorization(request.authorization)
        inwards = request._replace(authorization="Bearer " + (verdict.forward or token), dpop="", certificate="")
    yield WORK
    answer: Answer = yield Call(resource.target, inwards, resource.timeout_s)
    if isinstance(answer, Failed):
        return reply_upstream_error(answer)
    return answer if cookie is None else answer._replace(cookie=cookie)
