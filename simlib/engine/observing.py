"""The driver's eyes on a request: wrappers around parts that note times and verdicts on the journey."""

from functools import partial
from typing import Any

from simlib.engine.journey import Journey, Mark
from simlib.scenario.effects import Call, Context, Flow
from simlib.scenario.verdict import Verdict


def observed_validation(flow: Flow[Verdict], replica: int, token: int) -> Flow[Verdict]:
    """A validation whose duration and verdict are noted."""
    yield Mark(partial(_begin, replica, token))  # type: ignore[misc]  # the engine's own effect, not a part's
    verdict = yield from flow
    yield Mark(partial(_end, verdict))  # type: ignore[misc]
    return verdict


def _begin(replica: int, token: int, journey: Journey, now: float) -> None:
    journey.replica = replica
    journey.token = token
    journey.validating = True
    journey.since = now


def _end(verdict: Verdict, journey: Journey, now: float) -> None:
    journey.validating = False
    journey.checking += now - journey.since
    journey.decided = now
    journey.based_on = verdict.based_on
    journey.accepted = int(verdict.accepted)
    journey.validations += 1
    journey.refusals += not verdict.accepted


def observed_request(flow: Flow[Any], ctx: Context, journey: Journey) -> Flow[Any]:
    """A client's request in which the time that it waits for an access token is noted."""
    since = ctx.now()
    answer: Any = None
    while True:
        try:
            effect = flow.send(answer)
        except StopIteration as stop:
            return stop.value
        calls_api = effect.__class__ is Call and effect.target == "api"
        if calls_api:
            journey.obtaining += ctx.now() - since
        answer = yield effect
        if calls_api:
            since = ctx.now()
