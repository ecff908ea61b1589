"""A resource server that asks the authorization server again when a call has failed."""

from functools import partial
from typing import ClassVar

from simlib.scenario.effects import Answer, Call, Context, Flow
from simlib.strategies.around_calls import AroundCalls
from simlib.strategies.base import ALL_FORMATS, Deployment, TokenFormat
from simlib.strategies.retrying import OPERATIONS, RetryBudget, RetrySettings, retried
from simlib.strategies.roles import Validator, Wrapper


class Retry(Wrapper):
    """Rides out what passes by itself; without a budget it is what turns a slow server into a dead one."""

    name: ClassVar[str] = "retry"
    summary: ClassVar[str] = (
        "failed calls to the AS are made again by gateway and services, with back-off, jitter and a budget; for what "
        "stands before it in the list too"
    )
    formats: ClassVar[frozenset[TokenFormat]] = ALL_FORMATS
    at_edge: ClassVar[bool] = False
    everywhere: ClassVar[bool] = True
    Settings: ClassVar[type[RetrySettings]] = RetrySettings

    @staticmethod
    def operations(settings: RetrySettings, deployment: Deployment) -> frozenset[str]:
        """What it charges to a cost profile, beside the calls."""
        return OPERATIONS

    def __init__(self, settings: RetrySettings, deployment: Deployment) -> None:
        self._settings = settings

    def around_validator(self, validator: Validator) -> Validator:
        """Calls to the authorization server are made again; the answer counts from the question that it answers."""
        return AroundCalls(validator, partial(RetryBudget, self._settings.budget, self._settings.burst), self._again)

    def _again(self, ctx: Context, budget: RetryBudget, call: Call) -> Flow[Answer]:
        return retried(ctx, self._settings, budget, call)
