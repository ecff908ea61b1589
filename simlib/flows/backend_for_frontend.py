"""Authorization code for a single-page app with a backend of its own: no token ever reaches the browser.

The browser carries the request and the redirect between its backend and the authorization server, and keeps a cookie.

The backend of a single-page app: it signs users in, keeps their tokens, and gives the browser a cookie instead.

What it says to the browser is JSON: ``session`` is the value of the cookie (Set-Cookie), ``location`` where the browser
goes next. See draft-ietf-oauth-browser-based-apps section 6.1.
"""

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, ClassVar

from simlib.flows.base import Client, FlowSettings, GrantResult, encode_form, parse_json_object, parse_parameters
from simlib.flows.front_channel import PendingAuthorization, begin_authorization, encode_base64url, redeem_code, sign_in
from simlib.scenario.effects import Answer, Call, Compute, Context, Failed, Flow, Reply
from simlib.scenario.messages import HttpRequest, TokenResponse
from simlib.scenario.world import ClientKind

SCHEME = "Cookie"
SESSION_BYTES = 32

OpenSession = Callable[[Context, Flow[GrantResult]], Flow[tuple[GrantResult, Any]]]
"""Has the code redeemed by the flow that it is given, as the client of a new session does it: what came of it, and
what ``forward`` needs from then on."""
ForwardRequest = Callable[[Context, Any, HttpRequest], Flow[Answer]]
"""One API request on behalf of a session's user: context, what ``begin`` made of the tokens, the request."""


class Backend:
    """The sessions of one replica, by cookie. ``client`` is a confidential one; ``session_s`` (seconds) is the
    longest that a session may last."""

    def __init__(
        self,
        client: Client,
        session_s: float,
        begin: OpenSession,
        forward: ForwardRequest,
        timeout_s: float = 30.0,
    ) -> None:
        self._client = client
        self._session_s = session_s
        self._begin = begin
        self._forward = forward
        self._timeout_s = timeout_s
        self._pending: dict[str, PendingAuthorization] = {}
        self._sessions: dict[str, tuple[Any, float]] = {}

    def __call__(self, ctx: Context, request: HttpRequest) -> Flow[Answer]:
        """One request of a browser: a step of signing in, or a request for the API."""
        scheme, _, cookie = request.authorization.partition(" ")
        cookie = cookie if scheme == SCHEME else ""
        if not request.body:
            return (yield from self._forward_request(ctx, cookie, request))
        form = yield from parse_parameters(request.body.decode("ascii", "replace"))
        if form.get("step") == "sign_in":
            return (yield from self._begin_sign_in(ctx))
        if form.get("step") == "redirect":
            return (yield from self._finish_sign_in(ctx, cookie, form.get("location", "")))
        return Reply(400)

    def _begin_sign_in(self, ctx: Context) -> Flow[Reply]:
        kept, parameters = yield from begin_authorization(ctx, self._client)
        cookie = encode_base64url(ctx.random_bytes("session", SESSION_BYTES))
        self._pending[cookie] = kept
        location = yield from encode_form(parameters)
        return (yield from _reply_json(302, {"session": cookie, "location": location.decode()}))

    def _finish_sign_in(self, ctx: Context, cookie: str, location: str) -> Flow[Answer]:
        """The browser is back. It gets another cookie, so that nobody can have planted the one it came with."""
        kept = self._pending.pop(cookie, None)
        if kept is None:
            return Reply(401)
        redeeming = redeem_code(ctx, self._client, kept, location, self._timeout_s)
        obtained, begun = yield from self._begin(ctx, redeeming)
        if isinstance(obtained, Failed):
            return Reply(502)
        if isinstance(obtained, Reply):
            return obtained
        session = encode_base64url(ctx.random_bytes("session", SESSION_BYTES))
        self._sessions[session] = begun, ctx.now() + self._session_s
        return (yield from _reply_json(200, {"session": session, "expires_in": self._session_s}))

    def _forward_request(self, ctx: Context, cookie: str, request: HttpRequest) -> Flow[Answer]:
        found = yield Compute("cache.lookup", partial(self._sessions.get, cookie))
        if found is None or ctx.now() >= found[1]:
            self._sessions.pop(cookie, None)
            return Reply(401)
        answer = yield from self._forward(ctx, found[0], request._replace(authorization=""))
        return Reply(502) if isinstance(answer, Failed) else answer


def _reply_json(status: int, value: Mapping[str, Any]) -> Flow[Reply]:
    body = yield Compute("json.encode", lambda: json.dumps(value, separators=(",", ":")).encode())
    return Reply(status, body)


class BackendForFrontend:
    """Two more messages than when the browser redeems the code itself, and one by the backend."""

    name: ClassVar[str] = "backend_for_frontend"
    summary: ClassVar[str] = "authorization code redeemed by the app's backend; the browser holds only a cookie"
    client_kinds: ClassVar[tuple[ClientKind, ...]] = ("spa_bff",)
    token_kinds: ClassVar[frozenset[str]] = frozenset({"access_token", "refresh_token", "id_token"})
    refused: ClassVar[str] = ""
    http_only: ClassVar[bool] = True
    """Scripts of the page cannot read the cookie (RFC 6265 section 4.1.2.6)."""
    Settings: ClassVar[type[FlowSettings]] = FlowSettings

    def __init__(self, settings: FlowSettings, client: Client) -> None:
        self._settings = settings
        self._client = client

    def obtain(self, ctx: Context) -> Flow[GrantResult]:
        """From the backend to the authorization server and back; what is obtained is the cookie of a session."""
        leaving = yield from self._call_backend("", {"step": "sign_in"})
        if isinstance(leaving, Failed) or leaving.status != 302:
            return leaving
        told = yield from _read_json(leaving.body)
        parameters = yield from parse_parameters(told["location"])
        location = yield from sign_in(self._client, parameters, self._settings.timeout_s)
        if not isinstance(location, str):
            return location
        requested_at = ctx.now()
        arrived = yield from self._call_backend(told["session"], {"step": "redirect", "location": location})
        if isinstance(arrived, Failed) or arrived.status != 200:
            return arrived
        session = yield from _read_json(arrived.body)
        return TokenResponse(session["session"], session["expires_in"], requested_at)

    def _call_backend(self, cookie: str, form: Mapping[str, str]) -> Flow[Answer]:
        body = yield from encode_form(form)
        authorization = f"{SCHEME} {cookie}" if cookie else ""
        answer: Answer = yield Call("bff", HttpRequest(authorization, body), self._settings.timeout_s)
        return answer


def _read_json(body: bytes) -> Flow[Mapping[str, Any]]:
    """What our own backend says is what it should be."""
    read: Mapping[str, Any] = yield Compute("json.decode", partial(parse_json_object, body))
    return read
