"""Backend for frontend (BFF): the backend of a single-page app signs users in and holds their tokens, and the browser
holds only a session cookie (draft-ietf-oauth-browser-based-apps section 6.1).

The browser forwards the authorization request and the redirect between the backend and the authorization server. The
backend's replies are JSON: ``session`` is the value of the cookie (Set-Cookie), ``location`` the next address.
"""

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, ClassVar

from simlib.flows.authorization_code import SignIn, begin_sign_in, encode_base64url, redeem_code, sign_in
from simlib.flows.base import Client, FlowSettings, GrantResult, encode_form, parse_json, parse_parameters
from simlib.scenario.effects import Answer, Call, Compute, Context, Failed, Flow, Reply
from simlib.scenario.messages import HttpRequest, TokenResponse
from simlib.scenario.world import ClientKind

SCHEME = "Cookie"
SESSION_BYTES = 32

SessionOpener = Callable[[Context, Flow[GrantResult]], Flow[tuple[GrantResult, Any]]]
"""Runs the flow that redeems the code, as the client of a new session; returns its result and the state of the session
that ``forward`` needs."""
RequestForwarder = Callable[[Context, Any, HttpRequest], Flow[Answer]]
"""Sends one API request on behalf of a session's user: context, the session's state, the request."""


class Backend:
    """Sessions of one replica by cookie. ``client`` is a confidential one; ``session_s`` is the longest duration of a
    session in seconds."""

    def __init__(
        self,
        client: Client,
        session_s: float,
        begin: SessionOpener,
        forward: RequestForwarder,
        timeout_s: float = 30.0,
    ) -> None:
        self._client = client
        self._session_s = session_s
        self._begin = begin
        self._forward = forward
        self._timeout_s = timeout_s
        self._pending: dict[str, SignIn] = {}
        self._sessions: dict[str, tuple[Any, float]] = {}

    def __call__(self, ctx: Context, request: HttpRequest) -> Flow[Answer]:
        """Answer one request of a browser: a step of the sign-in, or a request to the API."""
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
        sign_in_state, parameters = yield from begin_sign_in(ctx, self._client)
        cookie = encode_base64url(ctx.random_bytes("session", SESSION_BYTES))
        self._pending[cookie] = sign_in_state
        location = yield from encode_form(parameters)
        return (yield from _reply_json(302, {"session": cookie, "location": location.decode()}))

    def _finish_sign_in(self, ctx: Context, cookie: str, location: str) -> Flow[Answer]:
        """Redeem the code of the redirect and open a session, with a new cookie against session fixation."""
        sign_in_state = self._pending.pop(cookie, None)
        if sign_in_state is None:
            return Reply(401)
        redeeming = redeem_code(ctx, self._client, sign_in_state, location, self._timeout_s)
        obtained, session_state = yield from self._begin(ctx, redeeming)
        if isinstance(obtained, Failed):
            return Reply(502)
        if isinstance(obtained, Reply):
            return obtained
        session = encode_base64url(ctx.random_bytes("session", SESSION_BYTES))
        self._sessions[session] = session_state, ctx.now() + self._session_s
        return (yield from _reply_json(200, {"session": session, "expires_in": self._session_s}))

    def _forward_request(self, ctx: Context, cookie: str, request: HttpRequest) -> Flow[Answer]:
        session = yield Compute("cache.lookup", partial(self._sessions.get, cookie))
        if session is None or ctx.now() >= session[1]:
            self._sessions.pop(cookie, None)
            return Reply(401)
        answer = yield from self._forward(ctx, session[0], request._replace(authorization=""))
        return Reply(502) if isinstance(answer, Failed) else answer


def _reply_json(status: int, value: Mapping[str, Any]) -> Flow[Reply]:
    body = yield Compute("json.encode", lambda: json.dumps(value, separators=(",", ":")).encode())
    return Reply(status, body)


class BackendForFrontend:
    """The sign-in takes two messages more than in a browser that redeems the code itself, and one by the backend."""

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
        """Sign in by way of the backend; the token of the result is the cookie of the session."""
        started = yield from self._call_backend("", {"step": "sign_in"})
        if isinstance(started, Failed) or started.status != 302:
            return started
        reply = yield from _read_json(started.body)
        parameters = yield from parse_parameters(reply["location"])
        location = yield from sign_in(self._client, parameters, self._settings.timeout_s)
        if not isinstance(location, str):
            return location
        requested_at = ctx.now()
        signed_in = yield from self._call_backend(reply["session"], {"step": "redirect", "location": location})
        if isinstance(signed_in, Failed) or signed_in.status != 200:
            return signed_in
        session = yield from _read_json(signed_in.body)
        return TokenResponse(session["session"], session["expires_in"], requested_at)

    def _call_backend(self, cookie: str, form: Mapping[str, str]) -> Flow[Answer]:
        body = yield from encode_form(form)
        authorization = f"{SCHEME} {cookie}" if cookie else ""
        answer: Answer = yield Call("bff", HttpRequest(authorization, body), self._settings.timeout_s)
        return answer


def _read_json(body: bytes) -> Flow[Mapping[str, Any]]:
    """Decode a reply of the own backend, which is trusted to be well formed."""
    decoded: Mapping[str, Any] = yield Compute("json.decode", partial(parse_json, body))
    return decoded
