"""Making a failed call again: when it is worth it, after how long, and how often in all.

Exponential back-off with jitter (Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog 2015,
https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/). A budget for retries, as a share of calls
(Beyer et al., Site Reliability Engineering, ch. 22; Finagle's RetryBudget; gRPC proposal A6).
"""

from dataclasses import dataclass

from simlib.scenario.effects import Answer, Call, Compute, Context, Draw, Failed, Flow, Reply, Sleep
from simlib.strategies.checks import at_least, share
from simlib.strategies.intercepting import TOO_MANY, failure_of

OPERATIONS = frozenset({"cache.lookup"})
"""What the books of a budget cost the caller, at each call: a look into memory."""


@dataclass(frozen=True)
class RetrySettings:
    """``attempts``: how often a call is made at most, the first time included. Before the next attempt the caller waits
    ``back_off_s``, then ``multiplier`` times as long, up to ``longest_back_off_s``; a drawn part of the share
    ``jitter`` of it is left out (0: none, 0.5: "equal jitter", 1: "full jitter"). A server that says Retry-After is
    left alone for so long at least. No attempt is begun later than ``total_s`` after the first.

    ``budget``: retries as a share of first attempts; so many more as ``burst`` may be saved up.

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
        at_least("attempts", self.attempts, 1)
        at_least("back_off_s", self.back_off_s, 0)
        at_least("multiplier", self.multiplier, 1)
        at_least("longest_back_off_s", self.longest_back_off_s, 0)
        share("jitter", self.jitter)
        at_least("total_s", self.total_s, 0)
        at_least("budget", self.budget, 0)
        at_least("burst", self.burst, 0)

    def back_off(self, retry: int) -> float:
        """Seconds before a retry, the first being number 0, without jitter."""
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
        """A first attempt is made."""
        self._left = min(self._most, self._left + self._share)

    def withdraw(self) -> bool:
        """Whether a retry may be made; then it is one less."""
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True


def retried(ctx: Context, settings: RetrySettings, budget: RetryBudget, call: Call) -> Flow[Answer]:
    """Make a call, and make it again while that is worth it; the last answer."""
    begun = ctx.now()
    yield Compute("cache.lookup", budget.deposit)
    answer: Answer = yield call
    for retry in range(settings.attempts - 1):
        failed = failure_of(answer)
        if failed is None or not is_worth_retrying(failed):
            break
        seconds = settings.back_off(retry)
        if settings.jitter:
            seconds *= 1.0 - settings.jitter * (yield Draw("retry.jitter"))
        seconds = max(seconds, failed.retry_after or 0.0)
        if ctx.now() + seconds > begun + settings.total_s or not budget.withdraw():
            break
        yield Sleep(seconds)
        asked_at = ctx.now()
        answer = yield call
        if isinstance(answer, Reply) and answer.asked_at is None:
            answer = answer._replace(asked_at=asked_at)
    return answer


def is_worth_retrying(failed: Failed) -> bool:
    """Whether the same call may do better: not where the server has said no, or to come later without saying when."""
    if failed.status == TOO_MANY:
        return failed.retry_after is not None
    return failed.reason != "status" or failed.status >= 500
