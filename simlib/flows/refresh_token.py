"""Refresh token flow (RFC 6749 section 6): continues a session without its user."""

from typing import ClassVar

from simlib.flows.base import Client, FlowSettings, GrantResult, request_token
from simlib.scenario.effects import Context, Flow
from simlib.scenario.messages import TokenResponse
from simlib.scenario.world import ClientKind


class RefreshToken:
    """One token request; under rotation its response has the next refresh token, and the old one is invalid."""

    name: ClassVar[str] = "refresh_token"
    summary: ClassVar[str] = "a refresh token for the next access token; with rotation also for the next refresh token"
    client_kinds: ClassVar[tuple[ClientKind, ...]] = ()
    token_kinds: ClassVar[frozenset[str]] = frozenset({"access_token", "refresh_token", "id_token"})
    refused: ClassVar[str] = ""
    Settings: ClassVar[type[FlowSettings]] = FlowSettings

    def __init__(self, settings: FlowSettings, client: Client) -> None:
        self._settings = settings
        self._client = client

    def obtain(self, ctx: Context) -> Flow[GrantResult]:
        """Redeem the refresh token; the result always holds the refresh token to use next."""
        client = self._client
        form = {"grant_type": "refresh_token", "refresh_token": client.refresh_token}
        parameters = {**form, "scope": client.scope} if client.scope else form
        obtained = yield from request_token(ctx, client, parameters, self._settings.timeout_s)
        if isinstance(obtained, TokenResponse) and not obtained.refresh_token:
            return obtained._replace(refresh_token=client.refresh_token)
        return obtained
