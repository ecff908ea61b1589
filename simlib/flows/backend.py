"""The backend of a single-page app: it signs users in, keeps their tokens, and gives the browser a cookie instead.

What it says to the browser is JSON: ``session`` is the value of the cookie (Set-Cookie), ``location`` where the browser
goes next. See draft-ietf-oauth-browser-based-apps section 6.1.
"""

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from simlib.flows.base import Client, Obtained
from simlib.flows.front_channel import Departure, depart, redeem
from simlib.flows.pkce import text_of
from simlib.flows.token_request import form_bytes, parameters_in
from simlib.scenario.effects import Answer, Compute, Context, Failed, Flow, Reply
from simlib.scenario.messages import HttpRequest

SCHEME = "Cookie"
SESSION_BYTES = 32

Begin = Callable[[Context, Flow[Obtained]], Flow[tuple[Obtained, Any]]]
"""Has the code redeemed by the flow that it is given, as the client of a new session does it: what came of it, and
what ``forward`` needs from then on."""
Forward = Callable[[Context, Any, HttpRequest], Flow[Answer]]
"""One API request on behalf of a session's user: context, what ``begin`` made of the tokens, the request."""


class Backend:
    """The sessions of one replica, by cookie. ``client`` is a confidential one; ``session_s`` (seconds) is the
    longest that a session may last."""

    def __init__(
        self,
        client: Client,
        session_s: float,
        begin: Begin,
        forward: Forward,
        timeout_s: float = 30.0,
    ) -> None:
        self._client = client
        self._session_s = session_s
        self._begin = begin
        self._forward = forward
        self._timeout_s = timeout_s
        self._departed: dict[str, Departure] = {}
        self._sessions: dict[str, tuple[Any, float]] = {}

    def __call__(self, ctx: Context, request: HttpRequest) -> Flow[Answer]:
        """One request of a browser: a step of signing in, or a request for the API."""
        scheme, _, cookie = request.authorization.partition(" ")
        cookie = cookie if scheme == SCHEME else ""
        if not request.body:
            return (yield from self._pass_on(ctx, cookie, request))
        form = yield from parameters_in(request.body.decode("ascii", "replace"))
        if form.get("step") == "sign_in":
            return (yield from self._depart(ctx))
        if form.get("step") == "redirect":
            return (yield from self._arrive(ctx, cookie, form.get("location", "")))
        return Reply(400)

    def _depart(self, ctx: Context) -> Flow[Reply]:
        kept, parameters = yield from depart(ctx, self._client)
        cookie = text_of(ctx.random_bytes("session", SESSION_BYTES))
        self._departed[cookie] = kept
        location = yield from form_bytes(parameters)
        return (yield from _json_reply(302, {"session": cookie, "location": location.decode()}))

    def _arrive(self, ctx: Context, cookie: str, location: str) -> Flow[Answer]:
        """The browser is back. It gets another cookie, so that nobody can have planted the one it came with."""
        kept = self._departed.pop(cookie, None)
        if kept is None:
            return Reply(401)
        redeeming = redeem(ctx, self._client, kept, location, self._timeout_s)
        obtained, begun = yield from self._begin(ctx, redeeming)
        if isinstance(obtained, Failed):
            return Reply(502)
        if isinstance(obtained, Reply):
            return obtained
        session = text_of(ctx.random_bytes("session", SESSION_BYTES))
        self._sessions[session] = begun, ctx.now() + self._session_s
        return (yield from _json_reply(200, {"session": session, "expires_in": self._session_s}))

    def _pass_on(self, ctx: Context, cookie: str, request: HttpRequest) -> Flow[Answer]:
        found = yield Compute("cache.lookup", partial(self._sessions.get, cookie))
        if found is None or ctx.now() >= found[1]:
            self._sessions.pop(cookie, None)
            return Reply(401)
        answer = yield from self._forward(ctx, found[0], request._replace(authorization=""))
        return Reply(502) if isinstance(answer, Failed) else answer


def _json_reply(status: int, value: Mapping[str, Any]) -> Flow[Reply]:
    body = yield Compute("json.encode", lambda: json.dumps(value, separators=(",", ":")).encode())
    return Reply(status, body)
