"""The password grant (RFC 6749 section 4.3): a victim to attack, and no flow for a design (RFC 9700 section 2.4)."""

from typing import ClassVar

from simlib.flows.base import Client, FlowSettings, Obtained
from simlib.flows.token_request import request_token
from simlib.scenario.effects import Context, Flow
from simlib.scenario.people import ClientKind


class Password:
    """The user's password goes through the client."""

    name: ClassVar[str] = "password"
    summary: ClassVar[str] = "the client itself takes the user's password and sends it"
    client_kinds: ClassVar[tuple[ClientKind, ...]] = ("web", "mobile")
    gives: ClassVar[frozenset[str]] = frozenset({"access_token", "refresh_token"})
    needs_server: ClassVar[str] = "password_grant"
    refused: ClassVar[str] = (
        "the client would see the user's password, and no second factor could be asked for "
        "(RFC 9700 section 2.4); use authorization_code"
    )
    Settings: ClassVar[type[FlowSettings]] = FlowSettings

    def __init__(self, settings: FlowSettings, client: Client) -> None:
        self._settings = settings
        self._client = client

    def obtain(self, ctx: Context) -> Flow[Obtained]:
        """One question."""
        client = self._client
        form = {
            "grant_type": "password",
            "username": client.subject,
            "password": client.password,
            "scope": client.scope,
        }
        return (yield from request_token(ctx, client, form, self._settings.timeout_s))
