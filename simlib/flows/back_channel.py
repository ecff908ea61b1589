"""Back-channel flows, which need one token request and no browser: client credentials (RFC 6749 section 4.4), refresh
token (RFC 6749 section 6) and token exchange (RFC 8693).
"""

from typing import ClassVar

from simlib.flows.base import Client, FlowSettings, GrantResult, request_token
from simlib.scenario.effects import Context, Flow
from simlib.scenario.messages import TokenResponse
from simlib.scenario.world import ClientKind

TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"


class ClientCredentials:
    """Token request of a machine on its own behalf, without user, session or refresh token."""

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


class RefreshToken:
    """Token request that continues a session without its user.

    Under rotation its response has the next refresh token, and the old one is invalid.
    """

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


class TokenExchange:
    """Token request of a service that exchanges a received token for one that the next service accepts."""

    name: ClassVar[str] = "token_exchange"
    summary: ClassVar[str] = "an access token for one that another audience takes, on behalf of the same subject"
    client_kinds: ClassVar[tuple[ClientKind, ...]] = ()
    token_kinds: ClassVar[frozenset[str]] = frozenset({"access_token"})
    refused: ClassVar[str] = ""
    Settings: ClassVar[type[FlowSettings]] = FlowSettings

    def __init__(self, settings: FlowSettings, client: Client) -> None:
        self._settings = settings
        self._client = client

    def obtain(self, ctx: Context) -> Flow[GrantResult]:
        """Request a token that ``audience`` accepts (RFC 8693 section 2.1)."""
        client = self._client
        form = {
            "grant_type": TOKEN_EXCHANGE,
            "subject_token": client.subject_token,
            "subject_token_type": ACCESS_TOKEN,
            "audience": client.audience,
        }
        parameters = {**form, "scope": client.scope} if client.scope else form
        return (yield from request_token(ctx, client, parameters, self._settings.timeout_s))
