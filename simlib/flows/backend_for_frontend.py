"""Authorization code for a single-page app with a backend of its own: no token ever reaches the browser.

The browser carries the request and the redirect between its backend and the authorization server, and keeps a cookie.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar

from simlib.flows.backend import SCHEME
from simlib.flows.base import Client, FlowSettings, Obtained
from simlib.flows.front_channel import sign_in
from simlib.flows.token_request import form_bytes, json_object, parameters_in
from simlib.scenario.effects import Answer, Call, Compute, Context, Failed, Flow
from simlib.scenario.messages import HttpRequest, TokenResponse
from simlib.scenario.people import ClientKind


class BackendForFrontend:
    """Two more messages than when the browser redeems the code itself, and one by the backend."""

    name: ClassVar[str] = "backend_for_frontend"
    summary: ClassVar[str] = "authorization code redeemed by the app's backend; the browser holds only a cookie"
    client_kinds: ClassVar[tuple[ClientKind, ...]] = ("spa_bff",)
    gives: ClassVar[frozenset[str]] = frozenset({"access_token", "refresh_token", "id_token"})
    refused: ClassVar[str] = ""
    http_only: ClassVar[bool] = True
    """Scripts of the page cannot read the cookie (RFC 6265 section 4.1.2.6)."""
    Settings: ClassVar[type[FlowSettings]] = FlowSettings

    def __init__(self, settings: FlowSettings, client: Client) -> None:
        self._settings = settings
        self._client = client

    def obtain(self, ctx: Context) -> Flow[Obtained]:
        """From the backend to the authorization server and back; what is obtained is the cookie of a session."""
        leaving = yield from self._ask_backend("", {"step": "sign_in"})
        if isinstance(leaving, Failed) or leaving.status != 302:
            return leaving
        told = yield from _read(leaving.body)
        parameters = yield from parameters_in(told["location"])
        location = yield from sign_in(self._client, parameters, self._settings.timeout_s)
        if not isinstance(location, str):
            return location
        asked_at = ctx.now()
        arrived = yield from self._ask_backend(told["session"], {"step": "redirect", "location": location})
        if isinstance(arrived, Failed) or arrived.status != 200:
            return arrived
        session = yield from _read(arrived.body)
        return TokenResponse(session["session"], session["expires_in"], asked_at)

    def _ask_backend(self, cookie: str, form: Mapping[str, str]) -> Flow[Answer]:
        body = yield from form_bytes(form)
        authorization = f"{SCHEME} {cookie}" if cookie else ""
        answer: Answer = yield Call("bff", HttpRequest(authorization, body), self._settings.timeout_s)
        return answer


def _read(body: bytes) -> Flow[Mapping[str, Any]]:
    """What our own backend says is what it should be."""
    read: Mapping[str, Any] = yield Compute("json.decode", partial(json_object, body))
    return read
