"""Token exchange flow (RFC 8693): a service exchanges a received token for one that the next service accepts."""

from typing import ClassVar

from simlib.flows.base import Client, FlowSettings, GrantResult, request_token
from simlib.scenario.effects import Context, Flow
from simlib.scenario.world import ClientKind

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"


class TokenExchange:
    """One token request of a confidential client that holds a user's token."""

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
        """Request a token that ``audience`` accepts (section 2.1)."""
        client = self._client
        form = {
            "grant_type": GRANT_TYPE,
            "subject_token": client.subject_token,
            "subject_token_type": ACCESS_TOKEN,
            "audience": client.audience,
        }
        parameters = {**form, "scope": client.scope} if client.scope else form
        return (yield from request_token(ctx, client, parameters, self._settings.timeout_s))
