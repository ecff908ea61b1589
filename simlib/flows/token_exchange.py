"""A token for another one (RFC 8693): a service that was called gets a token for the service that it calls."""

from typing import ClassVar

from simlib.flows.base import Client, FlowSettings, GrantResult, request_token
from simlib.scenario.effects import Context, Flow
from simlib.scenario.world import ClientKind

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"


class TokenExchange:
    """One question, by a confidential client that holds somebody's token."""

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
        """Ask for a token that ``audience`` accepts (section 2.1)."""
        client = self._client
        form = {
            "grant_type": GRANT_TYPE,
            "subject_token": client.subject_token,
            "subject_token_type": ACCESS_TOKEN,
            "audience": client.audience,
        }
        asked = {**form, "scope": client.scope} if client.scope else form
        return (yield from request_token(ctx, client, asked, self._settings.timeout_s))
