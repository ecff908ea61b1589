"""Instrumentation of requests: wrappers around parts that record times and verdicts in the request's log."""

from functools import partial
from typing import Any

from simlib.engine.request_log import Mark, RequestLog
from simlib.scenario.effects import Call, Context, Failed, Flow, Sleep, Verdict, new_tuple


def record_validation(flow: Flow[Verdict], replica: int, token: int, edge: bool = True) -> Flow[Verdict]:
    """A validation whose duration and verdict are noted; ``edge``: it is the first of its attempt."""
    begin = partial(_begin_at_edge, replica, token) if edge else _begin
    yield new_tuple(Mark, (begin, None))  # type: ignore[misc]  # the engine's own effect, not a part's
    verdict = yield from flow
    yield new_tuple(Mark, (partial(_end, verdict, edge), verdict))  # type: ignore[misc]
    return verdict


def record_token_exchange(flow: Flow[str | Failed]) -> Flow[str | Failed]:
    """Getting a token for a call to an inner service: what tokens cost on the way of a request, like checking."""
    yield Mark(_begin)  # type: ignore[misc]
    token = yield from flow
    yield Mark(_pause)  # type: ignore[misc]
    return token


def record_sign_in(flow: Flow[Any]) -> Flow[Any]:
    """A sign-in whose duration is noted."""
    yield Mark(partial(_add_sign_in, -1))  # type: ignore[misc]
    answer = yield from flow
    yield Mark(partial(_add_sign_in, 1))  # type: ignore[misc]
    return answer


def _add_sign_in(sign: int, log: RequestLog, now: float) -> None:
    log.signing_in += sign * now


def _begin_at_edge(replica: int, token: int, log: RequestLog, now: float) -> None:
    log.replica = replica
    log.token = token
    _begin(log, now)


def _begin(log: RequestLog, now: float) -> None:
    log.validating = True
    log.since = now


def _pause(log: RequestLog, now: float) -> None:
    log.validating = False
    log.checking += now - log.since


def _end(verdict: Verdict, edge: bool, log: RequestLog, now: float) -> None:
    _pause(log, now)
    log.decided = now
    log.based_on = verdict.based_on
    # Behind the edge one refusal is enough.
    log.accepted = int(verdict.accepted) if edge else min(log.accepted, int(verdict.accepted))
    log.validations += 1
    log.refusals += not verdict.accepted


def record_request(flow: Flow[Any], ctx: Context, log: RequestLog) -> Flow[Any]:
    """A client's request in which the time that it waits for an access token is noted.

    A client that waits by itself, to call the API again, waits for no token: tokens are obtained in shared work.
    """
    since = ctx.now()
    answer: Any = None
    while True:
        try:
            effect = flow.send(answer)
        except StopIteration as stop:
            return stop.value
        calls_api = effect.__class__ is Call and effect.target in ("api", "bff")
        if calls_api:
            log.obtaining += ctx.now() - since
        answer = yield effect
        if calls_api or effect.__class__ is Sleep:
            since = ctx.now()
