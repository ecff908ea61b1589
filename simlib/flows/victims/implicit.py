"""The implicit grant (RFC 6749 section 4.2): a victim to attack, and no flow for a design (RFC 9700 section 2.1.2)."""

import hmac
from collections.abc import Mapping
from typing import ClassVar

from simlib.flows.base import Client, FlowSettings, Obtained, mistrusted, told
from simlib.flows.front_channel import STATE_BYTES, sign_in
from simlib.flows.pkce import text_of
from simlib.flows.token_request import parameters_in, token_response
from simlib.scenario.effects import Compute, Context, Flow
from simlib.scenario.people import ClientKind


class Implicit:
    """The token comes in the address to which the browser is sent."""

    name: ClassVar[str] = "implicit"
    summary: ClassVar[str] = "the access token itself travels in the redirect"
    client_kinds: ClassVar[tuple[ClientKind, ...]] = ("spa", "mobile")
    gives: ClassVar[frozenset[str]] = frozenset({"access_token"})
    needs_server: ClassVar[str] = "implicit_grant"
    refused: ClassVar[str] = (
        "the access token would travel in an address, where histories, logs and other pages can read it "
        "(RFC 9700 section 2.1.2); use authorization_code"
    )
    Settings: ClassVar[type[FlowSettings]] = FlowSettings

    def __init__(self, settings: FlowSettings, client: Client) -> None:
        self._settings = settings
        self._client = client

    def obtain(self, ctx: Context) -> Flow[Obtained]:
        """Send the user away and read the token from the address."""
        client, asked_at = self._client, ctx.now()
        state = text_of(ctx.random_bytes("state", STATE_BYTES))
        parameters = {
            "response_type": "token",
            "client_id": client.client_id,
            "redirect_uri": client.redirect_uri,
            "scope": client.scope,
            "state": state,
        }
        location = yield from sign_in(client, parameters, self._settings.timeout_s)
        if not isinstance(location, str):
            return location
        _, _, carried = location.replace("?", "#", 1).partition("#")  # the fragment, or the query of an error
        read = yield from parameters_in(carried)
        yield Compute("claims.check")
        if not hmac.compare_digest(read.get("state", "").encode(), state.encode()):
            return mistrusted("state")
        if "error" in read:
            return told(read["error"])
        return token_response({**read, "expires_in": _seconds(read)}, asked_at) or mistrusted("access_token")


def _seconds(read: Mapping[str, str]) -> float | None:
    text = read.get("expires_in", "")
    return float(text) if text.isdecimal() else None
