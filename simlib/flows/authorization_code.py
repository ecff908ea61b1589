"""Authorization code with PKCE (RFC 6749 section 4.1, RFC 7636): the user signs in in the browser, the client redeems.

The flow serves three kinds of client: a web application has a secret, a single-page or mobile app has none, and the
redirect URI of a mobile app is one that the operating system passes to it (RFC 8252 section 7).
"""

from typing import ClassVar

from simlib.flows.base import Client, FlowSettings, GrantResult
from simlib.flows.front_channel import ALL, Safeguards, begin_sign_in, redeem_code, sign_in
from simlib.scenario.effects import Context, Flow
from simlib.scenario.world import ClientKind


class AuthorizationCode:
    """PKCE challenge, sign-in, redirect, redemption of the code."""

    name: ClassVar[str] = "authorization_code"
    summary: ClassVar[str] = "authorization code with PKCE; the client itself redeems the code"
    client_kinds: ClassVar[tuple[ClientKind, ...]] = ("web", "spa", "mobile")
    token_kinds: ClassVar[frozenset[str]] = frozenset({"access_token", "refresh_token", "id_token"})
    refused: ClassVar[str] = ""
    safeguards: ClassVar[Safeguards] = ALL
    Settings: ClassVar[type[FlowSettings]] = FlowSettings

    def __init__(self, settings: FlowSettings, client: Client) -> None:
        self._settings = settings
        self._client = client

    def obtain(self, ctx: Context) -> Flow[GrantResult]:
        """Have the user sign in, verify the redirect, and redeem the code."""
        client, timeout = self._client, self._settings.timeout_s
        sign_in_state, parameters = yield from begin_sign_in(ctx, client, self.safeguards)
        location = yield from sign_in(client, parameters, timeout)
        if not isinstance(location, str):
            return location
        return (yield from redeem_code(ctx, client, sign_in_state, location, timeout, self.safeguards))
