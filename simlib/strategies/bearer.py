"""The client obtains access tokens with its refresh token and presents them as bearer tokens (RFC 6749, RFC 6750)."""

import json
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, NamedTuple
from urllib.parse import urlencode

from simlib.scenario.effects import Answer, Call, Compute, Context, Failed, Flow, Once, Reply
from simlib.scenario.messages import HttpRequest
from simlib.strategies.base import Deployment, TokenFormat
from simlib.strategies.checks import at_least, positive
from simlib.strategies.introspection import basic


@dataclass(frozen=True)
class BearerSettings:
    """``refresh_before_s``: a token this close to its end is renewed before it is used. ``retry_refused``: after a 401
    the client gets a new token and tries once more. ``timeout_s`` bounds each of its calls.
    """

    refresh_before_s: float = 0.0
    retry_refused: bool = True
    timeout_s: float = 30.0

    def __post_init__(self) -> None:
        at_least("refresh_before_s", self.refresh_before_s, 0)
        positive("timeout_s", self.timeout_s)


class Held(NamedTuple):
    """An access token in the client's hands, and when it ends by the client's clock (seconds)."""

    token: str
    expires_at: float


class UserClient:
    """One user's client: a session with its refresh token, and the access token it has, if any."""

    __slots__ = ("held", "refresh_token", "user")

    def __init__(self, user: int, refresh_token: str, held: Held | None) -> None:
        self.user = user
        self.refresh_token = refresh_token
        self.held = held


class Bearer:
    """Holds one token per user, renews it when it is spent, and presents it."""

    name: ClassVar[str] = "bearer"
    summary: ClassVar[str] = "bearer token, renewed with a refresh token when it is spent"
    token_format: ClassVar[TokenFormat | None] = None
    Settings: ClassVar[type[BearerSettings]] = BearerSettings

    @staticmethod
    def operations(settings: BearerSettings, deployment: Deployment) -> frozenset[str]:
        """What it charges to a cost profile."""
        return frozenset({"form.encode", "json.decode"})

    def __init__(self, settings: BearerSettings, deployment: Deployment) -> None:
        self._settings = settings
        self._deployment = deployment
        self.authorization = basic(deployment.client)

    @property
    def useful_life_s(self) -> float:
        """Seconds from issue for which the client uses a token, 0 when it renews for every request."""
        return max(0.0, self._deployment.token_lifetime_s - self._settings.refresh_before_s)

    def request(self, ctx: Context, state: UserClient, needs_user_information: bool) -> Flow[Answer]:
        """One API request: a token if needed, the call, and one more try after a refusal."""
        answer = yield from self._attempt(ctx, state, needs_user_information)
        if isinstance(answer, Reply) and answer.status == 401 and self._settings.retry_refused:
            return (yield from self._attempt(ctx, state, needs_user_information))
        return answer

    def _attempt(self, ctx: Context, state: UserClient, needs_user_information: bool) -> Flow[Answer]:
        held = state.held
        if held is None or ctx.now() >= held.expires_at - self._settings.refresh_before_s:
            held = yield Once(("token", state.user), partial(self._obtain, ctx, state))
            if not isinstance(held, Held):
                refusal: Answer = held
                return refusal
        request = HttpRequest("Bearer " + held.token, b"", needs_user_information)
        answer: Answer = yield Call("api", request, self._settings.timeout_s)
        if isinstance(answer, Reply) and answer.status == 401 and state.held is held:
            state.held = None
        return answer

    def _obtain(self, ctx: Context, state: UserClient) -> Flow[Held | Answer]:
        """Redeem the refresh token (RFC 6749 section 6)."""
        form = {"grant_type": "refresh_token", "refresh_token": state.refresh_token, "scope": self._deployment.scope}
        body = yield Compute("form.encode", lambda: urlencode(form).encode())
        asked_at = ctx.now()
        answer: Answer = yield Call("token", HttpRequest(self.authorization, body), self._settings.timeout_s)
        if isinstance(answer, Failed) or answer.status != 200:
            return answer
        issued = yield Compute("json.decode", partial(json.loads, answer.body))
        # Counted from the question: the client must not believe in a token longer than the server does.
        state.held = Held(issued["access_token"], asked_at + issued["expires_in"])
        return state.held
