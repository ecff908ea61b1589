"""What a client knows before it asks for tokens, and what every flow is."""

import json
from dataclasses import dataclass
from math import isfinite
from typing import Any, ClassVar, Protocol

from simlib.scenario.effects import Answer, Context, Flow, Reply
from simlib.scenario.messages import TokenResponse
from simlib.scenario.people import ClientKind

Obtained = TokenResponse | Answer
"""Tokens, or the answer because of which there are none."""


@dataclass(frozen=True)
class Client:
    """A registered client at work for one user.

    ``secret`` is empty for a public client. ``issuer`` is the authorization server that it trusts. ``subject`` and
    ``password`` are what its user types there, ``approval_s`` the seconds until the user of a device does so elsewhere.
    ``refresh_token`` belongs to the flow of that name; ``subject_token`` and ``audience`` to token exchange.
    """

    client_id: str
    secret: str = ""
    issuer: str = ""
    redirect_uri: str = ""
    scope: str = ""
    subject: str = ""
    password: str = ""
    approval_s: float = 0.0
    refresh_token: str = ""
    subject_token: str = ""
    audience: str = ""

    @property
    def wants_identity(self) -> bool:
        """Whether it asks for an identity token (OpenID Connect Core section 3.1.2.1)."""
        return "openid" in self.scope.split()


@dataclass(frozen=True)
class FlowSettings:
    """``timeout_s`` bounds each call of the client, in seconds."""

    timeout_s: float = 30.0

    def __post_init__(self) -> None:
        if not (isfinite(self.timeout_s) and self.timeout_s > 0):
            raise ValueError("timeout_s must be a finite number above 0")


class GrantFlow(Protocol):
    """How a client gets its tokens.

    ``client_kinds`` are the kinds of client that sign in by it, none when it only goes on from a token that is there.
    ``gives`` says what comes of it: "access_token", "refresh_token", "id_token". ``refused`` is why no design may use
    it, empty when designs may.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    client_kinds: ClassVar[tuple[ClientKind, ...]]
    gives: ClassVar[frozenset[str]]
    refused: ClassVar[str]
    Settings: ClassVar[type[Any]]

    def __init__(self, settings: Any, client: Client) -> None: ...

    def obtain(self, ctx: Context) -> Flow[Obtained]:
        """All of it, until there are tokens or none."""


def told(error: str) -> Reply:
    """An error that came by a redirect, as the token endpoint would have told it (RFC 6749 section 5.2)."""
    return Reply(400, json.dumps({"error": error}).encode())


def mistrusted(check: str) -> Reply:
    """What a client makes of an answer that it does not believe; ``check`` names what did not hold."""
    return Reply(400, json.dumps({"error": "mistrusted", "error_description": check}).encode())
