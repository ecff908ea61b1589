"""Presentation of tokens by a client that only presents, for wrappers to be put around."""

from dataclasses import dataclass
from typing import Any, ClassVar

from simlib.scenario.effects import Answer, Call, Context, Flow
from simlib.scenario.messages import HttpRequest
from simlib.strategies import ClientToken, DeploymentConfig, PresentedToken, TokenFormat, UserClient

API = "api"
"""Target of a client's call, which takes no time and is not counted."""


@dataclass(frozen=True)
class PlainSettings:
    """Nothing to choose."""


class PlainPresenter:
    """Presents the token of the client unchanged, as a bearer token."""

    name: ClassVar[str] = "plain"
    summary: ClassVar[str] = "presents the token unchanged"
    token_format: ClassVar[TokenFormat | None] = None
    Settings: ClassVar[type[PlainSettings]] = PlainSettings
    useful_life_s = 0.0

    @staticmethod
    def list_operations(settings: PlainSettings, deployment: DeploymentConfig) -> frozenset[str]:
        """List no operation."""
        return frozenset()

    def __init__(self, authorization: str) -> None:
        self.authorization = authorization

    def request(self, ctx: Context, state: UserClient, request: HttpRequest) -> Flow[Answer]:
        """Make one call."""
        token = state.access_token.token if state.access_token else ""
        answer: Answer = yield Call(API, request._replace(authorization=f"Bearer {token}" if token else ""))
        return answer

    def wrap_flow(self, ctx: Context, state: UserClient, flow: Flow[Any]) -> Flow[Any]:
        """Return the flow unchanged."""
        return flow


def build_client(token: str, user: int) -> UserClient:
    """Build a user's client that holds a token, valid or not."""
    return UserClient(user, "", ClientToken(token, 1e12))


def read_presented_token(request: HttpRequest, uri: str) -> PresentedToken:
    """Read the token that a resource server receives; the scope of the route is sent as the body."""
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


def build_request(scope: str, **more: Any) -> HttpRequest:
    """Build the request that a client makes at a route of this scope."""
    return HttpRequest(body=scope.encode(), **more)
