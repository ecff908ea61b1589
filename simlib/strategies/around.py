"""What every wrapper has in common: a validator with something around it that leaves the rest as it was."""

from typing import Any, NamedTuple

from simlib.scenario.effects import Context, Flow, Reply
from simlib.scenario.messages import HttpRequest
from simlib.scenario.verdict import Verdict
from simlib.strategies.base import Bound, Presented
from simlib.strategies.roles import Background, Receiver, Validator


class Around(NamedTuple):
    """The state of one replica: the wrapper's own and that of the validator inside."""

    own: Any
    inner: Any


class AroundValidator:
    """Passes everything on to the validator inside; a wrapper overrides what it changes.

    ``binds``: it refuses who cannot show a key. ``fails_open``: it accepts when nobody can tell, marked by the reason
    of the verdict.
    """

    def __init__(self, inner: Validator) -> None:
        self.inner = inner
        self.user_information_sources = inner.user_information_sources
        self.caches_answers = inner.caches_answers
        self.asks_authorization_server = inner.asks_authorization_server
        self.binds: bool = getattr(inner, "binds", False)
        self.fails_open: bool = getattr(inner, "fails_open", False)

    def bound(self) -> Bound:
        """What the validator inside promises."""
        return self.inner.bound()

    def own_state(self) -> Any:
        """The wrapper's own state in one replica, as it starts."""

    def initial_state(self) -> Around:
        """Both states."""
        return Around(self.own_state(), self.inner.initial_state())

    def validate(self, ctx: Context, state: Around, presented: Presented) -> Flow[Verdict]:
        """The verdict of the validator inside."""
        return (yield from self.inner.validate(ctx, state.inner, presented))

    def backgrounds(self, ctx: Context, state: Around) -> tuple[Flow[None], ...]:
        """The work that the validator inside does by itself; a wrapper adds its own."""
        return self.inner.backgrounds(ctx, state.inner) if isinstance(self.inner, Background) else ()

    def receive(self, ctx: Context, state: Around, request: HttpRequest) -> Flow[Reply]:
        """A push that is not the wrapper's is one for the validator inside; 404 when nobody takes it."""
        if isinstance(self.inner, Receiver):
            return (yield from self.inner.receive(ctx, state.inner, request))
        return Reply(404)
