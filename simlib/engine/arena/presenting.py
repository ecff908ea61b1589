"""The attacker's own client: it presents what it is told to, in the way that the design asks of clients."""

from typing import Any, ClassVar

from simlib.engine.parts import Parts
from simlib.scenario.effects import Answer, Call, Context, Flow
from simlib.scenario.messages import HttpRequest
from simlib.strategies import Held, Presenter, UserClient


class Presenting:
    """Puts a token behind the word Bearer and calls; it never asks for another one."""

    useful_life_s: ClassVar[float] = 0.0
    authorization: ClassVar[str] = ""

    def request(self, ctx: Context, state: UserClient, request: HttpRequest) -> Flow[Answer]:
        """One call."""
        token = state.held.token if state.held is not None else ""
        answer: Answer = yield Call("api", request._replace(authorization=f"Bearer {token}"))
        return answer

    def on_behalf(self, ctx: Context, state: UserClient, flow: Flow[Any]) -> Flow[Any]:
        """As it is."""
        return flow


def presenter_of(parts: Parts) -> Presenter:
    """With the design's wrappers around it, so that proofs are by the key of the user who presents."""
    presenter: Presenter = Presenting()
    for wrapper in parts.wrappers:
        presenter = wrapper.around_presenter(presenter)
    return presenter


def holding(token: str, user: int) -> UserClient:
    """A user's client that holds a token, whatever it is worth."""
    return UserClient(user, "", Held(token, float("inf")))
