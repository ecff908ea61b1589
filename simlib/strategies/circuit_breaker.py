"""A resource server that leaves an authorization server alone which does not answer."""

from functools import partial
from typing import ClassVar

from simlib.scenario.effects import Answer, Call, Compute, Context, Failed, Flow
from simlib.strategies.around_calls import AroundCalls
from simlib.strategies.base import ALL_FORMATS, Deployment, TokenFormat
from simlib.strategies.breaker import Breaker, CircuitBreakerSettings
from simlib.strategies.intercepting import failure_of
from simlib.strategies.roles import Validator, Wrapper


class CircuitBreaker(Wrapper):
    """Failing at once instead of after a timeout: threads and queues stay free, and the server can get up again."""

    name: ClassVar[str] = "circuit_breaker"
    summary: ClassVar[str] = (
        "when too many calls to the AS fail, gateway and services make none for a while; around what stands before it "
        "in the list"
    )
    formats: ClassVar[frozenset[TokenFormat]] = ALL_FORMATS
    at_edge: ClassVar[bool] = False
    everywhere: ClassVar[bool] = True
    Settings: ClassVar[type[CircuitBreakerSettings]] = CircuitBreakerSettings

    @staticmethod
    def operations(settings: CircuitBreakerSettings, deployment: Deployment) -> frozenset[str]:
        """What it charges to a cost profile, beside the calls."""
        return frozenset({"cache.lookup"})

    def __init__(self, settings: CircuitBreakerSettings, deployment: Deployment) -> None:
        self._settings = settings

    def around_validator(self, validator: Validator) -> Validator:
        """Calls to the authorization server go through the replica's breaker."""
        return AroundCalls(validator, partial(Breaker, self._settings), _guarded)


def _guarded(ctx: Context, breaker: Breaker, call: Call) -> Flow[Answer]:
    """Make a call unless the breaker is open; whatever the server answers, its failures are counted."""
    yield Compute("cache.lookup")
    if not breaker.lets_through(ctx.now()):
        return Failed("refused")
    epoch = breaker.epoch
    answer: Answer = yield call
    breaker.note(epoch, failure_of(answer) is not None, ctx.now())
    return answer
