"""What wrappers around a client's part have in common: they see its calls on their way out."""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from simlib.scenario.effects import Answer, Call, Context, Flow, Once
from simlib.scenario.messages import HttpRequest
from simlib.strategies.roles import Presenter

T = TypeVar("T")

Outgoing = Callable[[Call], Flow[Answer]]
"""Makes one call in the client's stead, and returns its answer."""


def intercepted(flow: Flow[T], targets: frozenset[str], outgoing: Outgoing) -> Flow[T]:
    """The same generator with its calls to some targets made by ``outgoing``, those of its shared tasks too."""
    answer: Any = None
    while True:
        try:
            effect = flow.send(answer)
        except StopIteration as stop:
            result: T = stop.value
            return result
        if isinstance(effect, Call) and effect.target in targets:
            answer = yield from outgoing(effect)
        elif isinstance(effect, Once):
            answer = yield effect._replace(work=partial(_shared, effect, targets, outgoing))
        else:
            answer = yield effect


def _shared(once: Once, targets: frozenset[str], outgoing: Outgoing) -> Flow[Any]:
    return intercepted(once.work(), targets, outgoing)


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
        return intercepted(flow, self.targets, partial(self.outgoing, ctx, state))
