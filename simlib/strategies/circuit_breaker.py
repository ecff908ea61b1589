"""Circuit breaker around calls to the authorization server: when too many fail, it refuses all for a while (Nygard,
Release It!).

States and settings are those of resilience4j (https://resilience4j.readme.io/docs/circuitbreaker), which Polly has too.
"""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, Literal

from simlib.scenario.effects import Answer, Call, Compute, Context, Failed, Flow
from simlib.strategies.base import DeploymentConfig, check_numbers, check_share
from simlib.strategies.call_interception import find_failure
from simlib.strategies.protocols import Validator, Wrapper
from simlib.strategies.wrappers import CallWrapper, WrapperState
from simlib.tokens import ALL_FORMATS, TokenFormat

State = Literal["closed", "open", "half_open"]


@dataclass(frozen=True)
class CircuitBreakerSettings:
    """``window_calls``: so many of the latest calls are looked at, once there are ``minimum_calls`` of them. When at
    least ``failure_share`` of them have failed, the breaker opens: every call is refused for ``open_s``.
    Then ``trial_calls`` are admitted, and by the same share of these it closes or opens again.

    The defaults are resilience4j's: 100 calls, half of them, 60 s, 10 trials.
    """

    window_calls: int = 100
    minimum_calls: int = 100
    failure_share: float = 0.5
    open_s: float = 60.0
    trial_calls: int = 10

    def __post_init__(self) -> None:
        check_numbers(self, positive=("open_s",), window_calls=1, minimum_calls=1, trial_calls=1)
        if not self.failure_share > 0:
            raise ValueError("failure_share must be a share above 0 and at most 1")
        check_share("failure_share", self.failure_share)

    @property
    def enough_calls(self) -> int:
        """Calls after which the share is evaluated, at most as many as the window holds."""
        return min(self.minimum_calls, self.window_calls)


class Breaker:
    """The breaker of one replica; instants in seconds.

    ``epoch`` counts the changes of state: a call that was begun before the last one does not count.
    """

    __slots__ = ("_begun", "_failures", "_outcomes", "_settings", "epoch", "opened_at", "state")

    def __init__(self, settings: CircuitBreakerSettings) -> None:
        self._settings = settings
        self.state: State = "closed"
        self.opened_at = float("-inf")
        self.epoch = 0
        self._outcomes: deque[bool] = deque()
        self._failures = 0
        self._begun = 0

    def admit_call(self, now: float) -> bool:
        """Admit or refuse a call at ``now``; an admitted one counts as begun."""
        if self.state == "open" and now >= self.opened_at + self._settings.open_s:
            self._enter("half_open")
        if self.state == "open" or (self.state == "half_open" and self._begun >= self._settings.trial_calls):
            return False
        self._begun += 1
        return True

    def record_outcome(self, epoch: int, failed: bool, now: float) -> None:
        """Record the outcome of a call that was begun in an epoch."""
        if epoch != self.epoch:
            return
        self._outcomes.append(failed)
        self._failures += failed
        is_trial = self.state == "half_open"
        if len(self._outcomes) > self._settings.window_calls and not is_trial:
            self._failures -= self._outcomes.popleft()
        if len(self._outcomes) < (self._settings.trial_calls if is_trial else self._settings.enough_calls):
            return
        if self._failures >= self._settings.failure_share * len(self._outcomes):
            self._enter("open")
            self.opened_at = now
        elif is_trial:
            self._enter("closed")

    def fill(self) -> None:
        """Fill the window with calls that succeeded, as they are after a long time without a failure."""
        if self.state == "closed":
            self._outcomes = deque([False] * self._settings.window_calls)
            self._failures = 0

    def _enter(self, state: State) -> None:
        self.state = state
        self.epoch += 1
        self._outcomes.clear()
        self._failures = 0
        self._begun = 0


class CircuitBreaker(Wrapper):
    """Fails at once instead of after a timeout: threads and queues stay free, and the server can recover."""

    name: ClassVar[str] = "circuit_breaker"
    summary: ClassVar[str] = (
        "when too many calls to the AS fail, gateway and services make none for a while; around what stands before it "
        "in the list"
    )
    formats: ClassVar[frozenset[TokenFormat]] = ALL_FORMATS
    at_edge: ClassVar[bool] = False
    everywhere: ClassVar[bool] = True
    usually_after: ClassVar[Mapping[str, str]] = {
        "retry": "it counts a call as failed once all attempts have failed, and so opens late; usually retry is first"
    }
    Settings: ClassVar[type[CircuitBreakerSettings]] = CircuitBreakerSettings

    @staticmethod
    def list_operations(settings: CircuitBreakerSettings, deployment: DeploymentConfig) -> frozenset[str]:
        """List its operations in a cost profile, beside the calls."""
        return frozenset({"cache.lookup"})

    def __init__(self, settings: CircuitBreakerSettings, deployment: DeploymentConfig) -> None:
        self._settings = settings

    def wrap_validator(self, validator: Validator) -> Validator:
        """Wrap the validator: its calls to the authorization server pass the replica's breaker."""
        return _GuardedValidator(validator, partial(Breaker, self._settings), _send_guarded)


class _GuardedValidator(CallWrapper):
    def begin_stationary(self, state: WrapperState, requests_per_s: float, draw: Callable[[], float]) -> None:
        """Begin with the outcomes of earlier calls, all without a failure."""
        super().begin_stationary(state, requests_per_s, draw)
        state.own.fill()


def _send_guarded(ctx: Context, breaker: Breaker, call: Call) -> Flow[Answer]:
    """Make a call unless the breaker is open, and record whether it failed."""
    yield Compute("cache.lookup")
    if not breaker.admit_call(ctx.now()):
        return Failed("refused")
    epoch = breaker.epoch
    answer: Answer = yield call
    breaker.record_outcome(epoch, find_failure(answer) is not None, ctx.now())
    return answer
