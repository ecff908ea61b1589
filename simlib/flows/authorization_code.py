"""Authorization code with PKCE (RFC 6749 section 4.1, RFC 7636): the user signs in by the browser, the client redeems.

The same flow for three kinds of client: a web application has a secret, a single-page or mobile app has none, and a
mobile app is reached by a redirect URI that the operating system gives to it (RFC 8252 section 7).
"""

from typing import ClassVar

from simlib.flows.base import Client, FlowSettings, GrantResult
from simlib.flows.front_channel import ALL_COUNTERMEASURES, Countermeasures, begin_authorization, redeem_code, sign_in
from simlib.scenario.effects import Context, Flow
from simlib.scenario.world import ClientKind


class AuthorizationCode:
    """Challenge, sign-in, redirect, redemption."""

    name: ClassVar[str] = "authorization_code"
    summary: ClassVar[str] = "authorization code with PKCE; the client itself redeems the code"
    client_kinds: ClassVar[tuple[ClientKind, ...]] = ("web", "spa", "mobile")
    token_kinds: ClassVar[frozenset[str]] = frozenset({"access_token", "refresh_token", "id_token"})
    refused: ClassVar[str] = ""
    countermeasures: ClassVar[Countermeasures] = ALL_COUNTERMEASURES
    Settings: ClassVar[type[FlowSettings]] = FlowSettings

    def __init__(self, settings: FlowSettings, client: Client) -> None:
        self._settings = settings
        self._client = client

    def obtain(self, ctx: Context) -> Flow[GrantResult]:
        """Send the user away, believe the redirect or not, redeem the code."""
        client, timeout = self._client, self._settings.timeout_s
        kept, parameters = yield from begin_authorization(ctx, client, self.countermeasures)
        location = yield from sign_in(client, parameters, timeout)
        if not isinstance(location, str):
            return location
        return (yield from redeem_code(ctx, client, kept, location, timeout, self.countermeasures))
