"""The client's side of a stage: a presenter that only presents, for wrappers to be put around."""

from dataclasses import dataclass
from typing import Any, ClassVar

from simlib.scenario.effects import Answer, Call, Context, Flow
from simlib.scenario.messages import HttpRequest
from simlib.strategies import ClientToken, DeploymentConfig, PresentedToken, TokenFormat, UserClient

AT_ONCE = "api"
"""The target of a client's call; on a stage it takes no time and does not count."""


@dataclass(frozen=True)
class PlainSettings:
    """Nothing to choose."""


class Plain:
    """Puts the token that the client holds behind the word Bearer, as it is, and calls."""

    name: ClassVar[str] = "plain"
    summary: ClassVar[str] = "presents what it was given"
    token_format: ClassVar[TokenFormat | None] = None
    Settings: ClassVar[type[PlainSettings]] = PlainSettings
    useful_life_s = 0.0

    @staticmethod
    def list_operations(settings: PlainSettings, deployment: DeploymentConfig) -> frozenset[str]:
        """None."""
        return frozenset()

    def __init__(self, authorization: str) -> None:
        self.authorization = authorization

    def request(self, ctx: Context, state: UserClient, request: HttpRequest) -> Flow[Answer]:
        """One call."""
        token = state.access_token.token if state.access_token else ""
        answer: Answer = yield Call(AT_ONCE, request._replace(authorization=f"Bearer {token}" if token else ""))
        return answer

    def wrap_flow(self, ctx: Context, state: UserClient, flow: Flow[Any]) -> Flow[Any]:
        """As it is."""
        return flow


def client_with(token: str, user: int) -> UserClient:
    """A user's client that holds a token, whatever it is worth."""
    return UserClient(user, "", ClientToken(token, 1e12))


def presented_in(request: HttpRequest, uri: str) -> PresentedToken:
    """What a resource server sees of a request; the stage sends the scope of the route as the body."""
    scheme, _, token = request.authorization.partition(" ")
    return PresentedToken(
        token,
        request.body.decode(),
        request.sensitive,
        scheme.lower() or "bearer",
        request.dpop,
        request.certificate,
        "GET",
        uri,
        request.needs_user_information,
    )


def template(scope: str, **more: Any) -> HttpRequest:
    """The request that a client is asked to make."""
    return HttpRequest(body=scope.encode(), **more)
