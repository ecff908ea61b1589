"""Retries of failed calls: by a resource server to the authorization server, and by a client to API and token endpoint.

Exponential back-off with jitter (Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog 2015,
https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/). A budget for retries, as a share of calls
(Beyer et al., Site Reliability Engineering, ch. 22; Finagle's RetryBudget; gRPC proposal A6)."""

from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from simlib.scenario.effects import Answer, Call, Compute, Context, Draw, Failed, Flow, Reply, Sleep
from simlib.strategies.base import DeploymentConfig, check_numbers, check_share
from simlib.strategies.call_interception import TOO_MANY, find_failure
from simlib.strategies.protocols import Presenter, Validator, Wrapper
from simlib.strategies.wrappers import CallWrapper, PresenterWrapper
from simlib.tokens import ALL_FORMATS, TokenFormat

OPERATIONS = frozenset({"cache.lookup"})
"""Operations of the budget at each call: a look into memory."""


@dataclass(frozen=True)
class RetrySettings:
    """``attempts``: how often a call is made at most, the first time included. Before the next attempt the caller waits
    ``back_off_s``, then ``multiplier`` times as long, up to ``longest_back_off_s``; a drawn part of the share
    ``jitter`` of it is left out (0: none, 0.5: "equal jitter", 1: "full jitter"). After a response with Retry-After
    it waits for so long at least. No attempt is begun later than ``total_s`` after the first.

    ``budget``: retries as a share of first attempts; up to ``burst`` more may accumulate.

    A fifth and 10 are the defaults of Finagle's RetryBudget; three attempts, 0.1 s, full jitter, 30 s are assumptions.
    """

    attempts: int = 3
    back_off_s: float = 0.1
    multiplier: float = 2.0
    longest_back_off_s: float = 2.0
    jitter: float = 1.0
    total_s: float = 30.0
    budget: float = 0.2
    burst: int = 10

    def __post_init__(self) -> None:
        check_numbers(self, attempts=1, back_off_s=0, multiplier=1, longest_back_off_s=0, total_s=0, budget=0, burst=0)
        check_share("jitter", self.jitter)

    def compute_back_off(self, retry: int) -> float:
        """Compute the seconds before a retry, the first being number 0, without jitter."""
        seconds = min(self.back_off_s, self.longest_back_off_s)
        for _ in range(retry if 0 < seconds < self.longest_back_off_s and self.multiplier > 1 else 0):
            seconds = min(self.longest_back_off_s, seconds * self.multiplier)
            if seconds == self.longest_back_off_s:
                break
        return seconds


class RetryBudget:
    """A token bucket that first attempts fill and retries empty: retries <= burst + budget * first attempts."""

    __slots__ = ("_left", "_most", "_share")

    def __init__(self, share: float, burst: int) -> None:
        self._share = share
        self._left = float(burst)
        self._most = float(max(burst, 1))

    def deposit(self) -> None:
        """Count a first attempt."""
        self._left = min(self._most, self._left + self._share)

    def withdraw(self) -> bool:
        """Take one retry from the budget; returns whether there was one."""
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True


def retry_call(ctx: Context, settings: RetrySettings, budget: RetryBudget, call: Call) -> Flow[Answer]:
    """Make a call, and retry it while that may succeed; returns the last answer."""
    begun = ctx.now()
    yield Compute("cache.lookup", budget.deposit)
    answer: Answer = yield call
    for retry in range(settings.attempts - 1):
        failed = find_failure(answer)
        if failed is None or not is_worth_retrying(failed):
            break
        seconds = settings.compute_back_off(retry)
        if settings.jitter:
            seconds *= 1.0 - settings.jitter * (yield Draw("retry.jitter"))
        seconds = max(seconds, failed.retry_after or 0.0)
        if ctx.now() + seconds > begun + settings.total_s or not budget.withdraw():
            break
        yield Sleep(seconds)
        requested_at = ctx.now()
        answer = yield call
        if isinstance(answer, Reply) and answer.requested_at is None:
            answer = answer._replace(requested_at=requested_at)
    return answer


def is_worth_retrying(failed: Failed) -> bool:
    """Whether the same call may succeed: not after a refusal, nor after 429 without Retry-After."""
    if failed.status == TOO_MANY:
        return failed.retry_after is not None
    return failed.reason != "status" or failed.status >= 500


class Retry(Wrapper):
    """Overcomes transient failures; without a budget, retries can turn a slow server into an unavailable one."""

    name: ClassVar[str] = "retry"
    summary: ClassVar[str] = (
        "failed calls to the AS are retried by gateway and services, with back-off, jitter and a budget; also those of "
        "the wrappers before it in the list"
    )
    formats: ClassVar[frozenset[TokenFormat]] = ALL_FORMATS
    at_edge: ClassVar[bool] = False
    everywhere: ClassVar[bool] = True
    Settings: ClassVar[type[RetrySettings]] = RetrySettings

    @staticmethod
    def list_operations(settings: RetrySettings, deployment: DeploymentConfig) -> frozenset[str]:
        """List its operations in a cost profile, beside the calls."""
        return OPERATIONS

    def __init__(self, settings: RetrySettings, deployment: DeploymentConfig) -> None:
        self._settings = settings

    def wrap_validator(self, validator: Validator) -> Validator:
        """Wrap the validator: its calls to the authorization server are retried; answers are dated by their request."""
        return CallWrapper(validator, partial(RetryBudget, self._settings.budget, self._settings.burst), self._send)

    def _send(self, ctx: Context, budget: RetryBudget, call: Call) -> Flow[Answer]:
        return retry_call(ctx, self._settings, budget, call)


@dataclass(frozen=True)
class ClientRetrySettings(RetrySettings):
    """As those of retry; ``burst`` is less, because each user's client calls seldom (assumption)."""

    burst: int = 2


class ClientRetry(Wrapper):
    """Each user's client has a budget of its own. Put it before dpop, or one proof is sent twice.

    Under rotation the retry of a refresh whose answer was lost counts as reuse, which ends the session (RFC 9700
    section 4.14.2).
    """

    name: ClassVar[str] = "client_retry"
    summary: ClassVar[str] = (
        "failed API calls and token requests are retried by the client, with back-off, jitter and a budget; before "
        "dpop in the list"
    )
    formats: ClassVar[frozenset[TokenFormat]] = ALL_FORMATS
    at_edge: ClassVar[bool] = False
    everywhere: ClassVar[bool] = True
    Settings: ClassVar[type[RetrySettings]] = ClientRetrySettings

    @staticmethod
    def list_operations(settings: RetrySettings, deployment: DeploymentConfig) -> frozenset[str]:
        """List its operations in a cost profile, where the client is a server."""
        return OPERATIONS

    def __init__(self, settings: RetrySettings, deployment: DeploymentConfig) -> None:
        self._settings = settings

    def wrap_presenter(self, presenter: Presenter) -> Presenter:
        """Wrap the presenter: its calls to API and authorization server are retried."""
        return _RetryingPresenter(presenter, self._settings)


class _RetryingPresenter(PresenterWrapper):
    targets = frozenset({"api", "token", "bff"})

    def __init__(self, inner: Presenter, settings: RetrySettings) -> None:
        super().__init__(inner)
        self._settings = settings
        self._budgets: dict[int, RetryBudget] = {}

    def send_call(self, ctx: Context, state: Any, call: Call) -> Flow[Answer]:
        """Make one call, with retries."""
        budget = self._budgets.get(state.user)
        if budget is None:
            budget = self._budgets[state.user] = RetryBudget(self._settings.budget, self._settings.burst)
        return retry_call(ctx, self._settings, budget, call)
