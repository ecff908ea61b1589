"""Gateway in front of the services: validates requests of clients and forwards them (RFC 9110 section 3.7)."""

from collections.abc import Callable
from dataclasses import dataclass

from simlib.scenario.effects import Answer, Call, Compute, Context, Failed, Flow, Reply, Verdict
from simlib.scenario.messages import HttpRequest
from simlib.services.http import is_too_large, parse_authorization, reply_upstream_error

WORK = Compute("gateway.work")


@dataclass(frozen=True)
class Gateway:
    """``validate`` takes the request as received, None forwards it unchecked; ``target`` is the service behind.

    Requests whose headers are larger than ``header_limit_bytes``, ``head_bytes`` for the usual ones included, are
    refused.
    """

    validate: Callable[[HttpRequest], Flow[Verdict]] | None
    timeout_s: float | None = 10.0
    header_limit_bytes: int | None = None
    head_bytes: int = 0
    target: str = "api"


def serve_gateway(ctx: Context, request: HttpRequest, resource: Gateway) -> Flow[Reply]:
    """Forward one request of a client and return the reply of the service unchanged.

    The forwarded token is the verdict's, else the received one; proofs of possession are not forwarded.
    """
    if is_too_large(request, resource.header_limit_bytes, resource.head_bytes):
        return Reply(431)  # RFC 6585 section 5
    forwarded, cookie = request, None
    if resource.validate is not None:
        verdict = yield from resource.validate(request)
        if not verdict.accepted:
            return Reply(verdict.status, b"", verdict.challenge, verdict.nonce)
        cookie = verdict.cookie
        _, token = parse_authorization(request.authorization)
        forwarded = request._replace(authorization="Bearer " + (verdict.forward or token), dpop="", certificate="")
    yield WORK
    answer: Answer = yield Call(resource.target, forwarded, resource.timeout_s)
    if isinstance(answer, Failed):
        return reply_upstream_error(answer)
    return answer if cookie is None else answer._replace(cookie=cookie)
