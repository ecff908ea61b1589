"""What a wrapper makes of a verdict that it agrees with, after the time that its own checks took."""

from math import inf

from simlib.scenario.verdict import Verdict
from simlib.strategies import refusals
from simlib.tokens import judge_time


def confirmed(verdict: Verdict, now: float, leeway: float, based_on: float = -inf) -> Verdict:
    """The accepted verdict, unless the token has ended by ``now``; seconds, with ``leeway`` granted at expiry.

    ``based_on`` is the instant of the word of the authorization server that the wrapper went by.
    """
    newest = max(verdict.based_on, based_on)
    untimely = judge_time(verdict.claims, now, leeway)
    return refusals.invalid_token(untimely, newest) if untimely else verdict._replace(based_on=newest)
