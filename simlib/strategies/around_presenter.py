"""What wrappers around a client's part have in common: they see its calls on their way out."""

from functools import partial
from typing import Any, TypeVar

from simlib.scenario.effects import Answer, Call, Context, Flow
from simlib.scenario.messages import HttpRequest
from simlib.strategies.intercepting import intercepted
from simlib.strategies.roles import Presenter

T = TypeVar("T")


class AroundPresenter:
    """Passes everything on to the part inside; a wrapper overrides ``outgoing``, by which calls to ``targets`` go."""

    targets: frozenset[str] = frozenset({"api", "token"})

    def __init__(self, inner: Presenter) -> None:
        self.inner = inner
        self.authorization = inner.authorization

    @property
    def useful_life_s(self) -> float:
        """Seconds for which the part inside uses a token."""
        return self.inner.useful_life_s

    def outgoing(self, ctx: Context, state: Any, call: Call) -> Flow[Answer]:
        """Make one call."""
        answer: Answer = yield call
        return answer

    def request(self, ctx: Context, state: Any, request: HttpRequest) -> Flow[Any]:
        """One API request of the part inside."""
        return self._intercepted(ctx, state, self.inner.request(ctx, state, request))

    def on_behalf(self, ctx: Context, state: Any, flow: Flow[T]) -> Flow[T]:
        """Another flow of the same client, with its calls made as here."""
        return self._intercepted(ctx, state, self.inner.on_behalf(ctx, state, flow))

    def _intercepted(self, ctx: Context, state: Any, flow: Flow[T]) -> Flow[T]:
        return intercepted(flow, self.targets.__contains__, partial(self.outgoing, ctx, state))
