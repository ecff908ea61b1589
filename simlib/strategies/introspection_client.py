"""Introspection client of a resource server (RFC 7662): request, answer, and the verdict on it.

Times in an answer are judged by the clock of the authorization server, which the Date of the answer reports: ``active``
means that the token is within its time window there (section 2.2). The receiver's own clock only measures how long ago
that was. An opaque token can also be exchanged for a JWT, as the answer to its introspection."""

import math
from base64 import b64encode
from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple, Protocol
from urllib.parse import quote

from simlib.scenario.effects import Call, Compute, Context, Failed, Flow, Reply, Verdict, new_tuple
from simlib.scenario.encodings import decode_json, encode_form
from simlib.scenario.messages import HttpRequest
from simlib.strategies.base import Credentials, DeploymentConfig
from simlib.strategies.call_interception import find_request_time
from simlib.strategies.verdicts import refuse_insufficient_scope, refuse_invalid_token
from simlib.tokens import (
    find_mistyped_claim,
    from_numeric_date,
    has_audience,
    has_scope,
    is_finite_number,
    judge_time,
    read_payload,
)


class ServerClock(NamedTuple):
    """Clock of the authorization server beside the receiver's own, from the Date of one answer; seconds.

    ``least_lead_s``: so much it is ahead if the answer took no time to arrive, ``most_lead_s`` if the request took
    none. Both are 0 where there is no Date: then the receiver's own clock decides.
    """

    least_lead_s: float = 0.0
    most_lead_s: float = 0.0


OWN_CLOCK = ServerClock()


def read_server_clock(reply: Reply, requested_at: float, received_at: float) -> ServerClock:
    """Read the clock of the server that an answer reports; instants (seconds) by the receiver's own clock."""
    if reply.date is None:
        return OWN_CLOCK
    return new_tuple(ServerClock, (reply.date - received_at, reply.date - requested_at))


class AnswerSettings(Protocol):
    """Settings of a part that introspects, as far as they are about the times in an answer."""

    @property
    def timeout_s(self) -> float:
        """Seconds for which an answer is waited for."""

    @property
    def leeway_s(self) -> float:
        """Seconds granted to the own clock."""

    @property
    def own_clock(self) -> bool:
        """Whether the times in an answer are judged by the own clock too."""


def find_own_leeway(settings: AnswerSettings) -> float | None:
    """Find the leeway (seconds) of the own clock; None where that is not consulted about an answer."""
    return settings.leeway_s if settings.own_clock else None


class Introspection(NamedTuple):
    """An answer and the instant (seconds) at which it was requested, the latest at which its content is sure to hold.

    ``text`` is the access token that came as the answer, where one was requested; ``clock`` that of the server.
    """

    answer: Mapping[str, Any]
    requested_at: float
    text: str = ""
    clock: ServerClock = OWN_CLOCK

    @property
    def earliest_expiry(self) -> float:
        """The earliest instant (seconds) by the receiver's clock at which the token can end; infinite without exp."""
        expiry = self.answer.get("exp")
        return from_numeric_date(expiry) - self.clock.most_lead_s if is_finite_number(expiry) else math.inf


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
    body = yield new_tuple(Compute, ("form.encode", lambda: encode_form(form, errors="surrogatepass").encode()))
    request = new_tuple(HttpRequest, (authorization, body, False, False, "", accept, ""))
    reply: Reply | Failed = yield new_tuple(Call, (target, request, timeout))
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
    requested_at = find_request_time(reply, requested_at)
    clock = read_server_clock(reply, requested_at, ctx.now())
    answer = yield new_tuple(Compute, ("json.decode", partial(parse_json_object, reply.body)))
    # An unreadable answer says nothing about the token, so it must not count as "inactive".
    if answer is None:
        return Failed("status", reply.status)
    return new_tuple(Introspection, (answer, requested_at, "", clock))


def judge_answer(
    result: Introspection,
    now: float,
    scope: str,
    deployment: DeploymentConfig,
    leeway: float = 0.0,
    own_leeway: float | None = None,
) -> Verdict:
    """Judge an answer at ``now`` (seconds): active, types of its members, issuer, audience, time and scope.

    ``leeway`` (seconds) is granted at exp by the server's clock. With ``own_leeway`` exp and nbf are judged by the
    receiver's own clock as well. An iat ahead of either is no reason to refuse: the server has issued the token.
    """
    answer, requested_at = result.answer, result.requested_at
    if answer.get("active") is not True:
        return refuse_invalid_token("inactive", requested_at)
    if find_mistyped_claim(answer):
        return refuse_invalid_token("malformed", requested_at)
    if answer.get("iss") != deployment.issuer:
        return refuse_invalid_token("issuer", requested_at)
    if not has_audience(answer, deployment.audience):
        return refuse_invalid_token("audience", requested_at)
    lead = result.clock.least_lead_s
    untimely = judge_time(answer, now + lead, leeway, refuse_future_iat=False)
    if untimely is None and own_leeway is not None:
        untimely = judge_time(answer, now, own_leeway, refuse_future_iat=False)
    if untimely is not None:
        return refuse_invalid_token(untimely, requested_at)
    if not has_scope(answer, scope):
        return refuse_insufficient_scope(scope, requested_at)
    granted = leeway - lead if own_leeway is None else min(leeway - lead, own_leeway)
    until = from_numeric_date(answer["exp"]) + granted
    return new_tuple(Verdict, (True, 200, "", answer, "", "", requested_at, "", None, until))


def compute_expiry_bound(settings: AnswerSettings) -> float:
    """Compute for how many seconds after its expiry a token is accepted: it may end while an answer is in transit.

    An answer is abandoned after ``timeout_s``; with ``own_clock`` the leeway of that clock bounds it as well.
    """
    return min(settings.timeout_s, settings.leeway_s) if settings.own_clock else settings.timeout_s


def parse_json_object(body: bytes) -> Mapping[str, Any] | None:
    """Parse the JSON object in a body; None when there is none that can be read."""
    try:
        answer = decode_json(body)
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
    clock = read_server_clock(reply, requested_at, ctx.now())
    if reply.status == 204:
        return Introspection(_INACTIVE[0], requested_at)
    if reply.status != 200:
        return Failed("status", reply.status, reply.retry_after)
    content = yield Compute("json.decode", partial(read_jwt, reply.body))
    if content is None:
        return Failed("status", reply.status)
    answer, text = content
    return Introspection(answer, requested_at, text, clock)


def read_jwt(body: bytes) -> tuple[Mapping[str, Any], str] | None:
    """Read answer and JWT from a body: a JWT, or JSON that says inactive. None for anything else."""
    answer = parse_json_object(body)
    if answer is not None:
        return _INACTIVE if answer.get("active") is False else None
    text = body.decode("ascii", "replace")
    claims = read_payload(text)
    return None if claims is None else ({**claims, "active": True}, text)
