"""A client that makes failed calls again: API requests and its own requests for tokens."""

from dataclasses import dataclass
from typing import Any, ClassVar

from simlib.scenario.effects import Answer, Call, Context, Flow
from simlib.strategies.around_presenter import AroundPresenter
from simlib.strategies.base import ALL_FORMATS, Deployment, TokenFormat
from simlib.strategies.retrying import OPERATIONS, RetryBudget, RetrySettings, retried
from simlib.strategies.roles import Presenter, Wrapper


@dataclass(frozen=True)
class ClientRetrySettings(RetrySettings):
    """As those of retry; ``burst`` is less, because each user's client calls seldom (assumption)."""

    burst: int = 2


class ClientRetry(Wrapper):
    """Each user's client has a budget of its own. Put it before dpop, or one proof is shown twice.

    Under rotation a refresh whose answer was lost is a reuse when it is made again, which ends the session (RFC 9700
    section 4.14.2).
    """

    name: ClassVar[str] = "client_retry"
    summary: ClassVar[str] = (
        "failed API calls and token requests are made again by the client, with back-off, jitter and a budget; before "
        "dpop in the list"
    )
    formats: ClassVar[frozenset[TokenFormat]] = ALL_FORMATS
    at_edge: ClassVar[bool] = False
    everywhere: ClassVar[bool] = True
    Settings: ClassVar[type[RetrySettings]] = ClientRetrySettings

    @staticmethod
    def operations(settings: RetrySettings, deployment: Deployment) -> frozenset[str]:
        """What it charges to a cost profile, where the client is a server."""
        return OPERATIONS

    def __init__(self, settings: RetrySettings, deployment: Deployment) -> None:
        self._settings = settings

    def around_presenter(self, presenter: Presenter) -> Presenter:
        """Calls to API and authorization server are made again."""
        return _Retrying(presenter, self._settings)


class _Retrying(AroundPresenter):
    targets = frozenset({"api", "token", "bff"})

    def __init__(self, inner: Presenter, settings: RetrySettings) -> None:
        super().__init__(inner)
        self._settings = settings
        self._budgets: dict[int, RetryBudget] = {}

    def outgoing(self, ctx: Context, state: Any, call: Call) -> Flow[Answer]:
        """Make one call, and again while it fails."""
        budget = self._budgets.get(state.user)
        if budget is None:
            budget = self._budgets[state.user] = RetryBudget(self._settings.budget, self._settings.burst)
        return retried(ctx, self._settings, budget, call)
