"""What wrappers have in common that change how a validator's calls to the authorization server are made."""

from collections.abc import Callable
from functools import partial
from typing import Any

from simlib.scenario.effects import Answer, Call, Context, Flow
from simlib.scenario.verdict import Verdict
from simlib.strategies.around import Around, AroundValidator
from simlib.strategies.base import Presented
from simlib.strategies.intercepting import intercepted, is_authorization_server
from simlib.strategies.roles import Validator

Make = Callable[[Context, Any, Call], Flow[Answer]]
"""Makes one call; the state is that of the replica."""


class AroundCalls(AroundValidator):
    """The validator inside with its calls to the authorization server, those of its background work too, made by
    ``make``; ``new_state`` gives each replica what ``make`` remembers.
    """

    def __init__(self, inner: Validator, new_state: Callable[[], Any], make: Make) -> None:
        super().__init__(inner)
        self._new_state = new_state
        self._make = make

    def own_state(self) -> Any:
        """What calls are remembered by."""
        return self._new_state()

    def validate(self, ctx: Context, state: Around, presented: Presented) -> Flow[Verdict]:
        """The verdict of the validator inside."""
        return self._intercepted(ctx, state, super().validate(ctx, state, presented))

    def backgrounds(self, ctx: Context, state: Around) -> tuple[Flow[None], ...]:
        """The work of the validator inside."""
        return tuple(self._intercepted(ctx, state, flow) for flow in super().backgrounds(ctx, state))

    def _intercepted(self, ctx: Context, state: Around, flow: Flow[Any]) -> Flow[Any]:
        return intercepted(flow, is_authorization_server, partial(self._make, ctx, state.own))
