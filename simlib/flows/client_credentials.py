"""Client credentials (RFC 6749 section 4.4): a machine on its own behalf, without user, session or refresh token."""

from typing import ClassVar

from simlib.flows.base import Client, FlowSettings, GrantResult, request_token
from simlib.scenario.effects import Context, Flow
from simlib.scenario.world import ClientKind


class ClientCredentials:
    """One token request."""

    name: ClassVar[str] = "client_credentials"
    summary: ClassVar[str] = "the client's own credentials for a token; no user and no refresh token"
    client_kinds: ClassVar[tuple[ClientKind, ...]] = ("machine",)
    token_kinds: ClassVar[frozenset[str]] = frozenset({"access_token"})
    refused: ClassVar[str] = ""
    Settings: ClassVar[type[FlowSettings]] = FlowSettings

    def __init__(self, settings: FlowSettings, client: Client) -> None:
        self._settings = settings
        self._client = client

    def obtain(self, ctx: Context) -> Flow[GrantResult]:
        """Send the token request; the server refuses that of a public client."""
        form = {"grant_type": "client_credentials", "scope": self._client.scope}
        return (yield from request_token(ctx, self._client, form, self._settings.timeout_s))
