"""What a client knows before it asks for tokens, and what every flow is.

The token request and its answer, as every flow makes it (RFC 6749 sections 3.2 and 5).
"""

import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from math import isfinite
from typing import Any, ClassVar, Protocol
from urllib.parse import parse_qsl, quote, urlencode

from simlib.scenario.effects import Answer, Call, Compute, Context, Failed, Flow, Reply
from simlib.scenario.messages import HttpRequest, TokenResponse
from simlib.scenario.world import ClientKind

GrantResult = TokenResponse | Answer
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
    def needs_id_token(self) -> bool:
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
    token_kinds: ClassVar[frozenset[str]]
    refused: ClassVar[str]
    Settings: ClassVar[type[Any]]

    def __init__(self, settings: Any, client: Client) -> None: ...

    def obtain(self, ctx: Context) -> Flow[GrantResult]:
        """All of it, until there are tokens or none."""


def make_error(error: str) -> Reply:
    """An error that came by a redirect, as the token endpoint would have told it (RFC 6749 section 5.2)."""
    return Reply(400, json.dumps({"error": error}).encode())


def make_distrust_error(check: str) -> Reply:
    """What a client makes of an answer that it does not believe; ``check`` names what did not hold."""
    return Reply(400, json.dumps({"error": "mistrusted", "error_description": check}).encode())


TOKEN_TYPES = ("bearer", "dpop")
"""What a client knows how to present; it must not use others (RFC 6749 section 7.1)."""


def post_form(client: Client, target: str, form: Mapping[str, str], timeout: float) -> Flow[Answer]:
    """A form from an authenticated client, or from a public one that names itself (section 3.2.1)."""
    named = form if client.secret else {**form, "client_id": client.client_id}
    body = yield from encode_form(named)
    answer: Answer = yield Call(target, HttpRequest(_make_authorization(client), body), timeout)
    return answer


def request_token(ctx: Context, client: Client, form: Mapping[str, str], timeout: float) -> Flow[GrantResult]:
    """Redeem a grant. Its life counts from the question: a client must not trust a token longer than the server."""
    requested_at = ctx.now()
    answer = yield from post_form(client, "token", form, timeout)
    if isinstance(answer, Failed) or answer.status != 200:
        return answer
    read = yield Compute("json.decode", partial(parse_json_object, answer.body))
    tokens = parse_token_response(read, requested_at)
    return Failed("status", answer.status) if tokens is None else tokens


def parse_token_response(read: Mapping[str, Any], requested_at: float) -> TokenResponse | None:
    """The tokens in an answer, None when there is none that the client could use; ``requested_at`` in seconds."""
    access, kind, life = read.get("access_token"), read.get("token_type"), read.get("expires_in")
    if not (isinstance(access, str) and access and isinstance(kind, str) and kind.lower() in TOKEN_TYPES):
        return None
    if isinstance(life, bool) or not isinstance(life, int | float):
        return None
    further = {name: _read_text(read, name) for name in ("refresh_token", "id_token", "scope")}
    return TokenResponse(access, life, requested_at, **further)


def encode_form(form: Mapping[str, str]) -> Flow[bytes]:
    """A form as it travels."""
    body: bytes = yield Compute("form.encode", lambda: urlencode(form).encode())
    return body


def parse_parameters(query: str) -> Flow[Mapping[str, str]]:
    """The parameters of a query; one that comes twice makes all of them worthless (RFC 6749 section 3.1)."""
    parameters: Mapping[str, str] = yield Compute("form.decode", partial(_parse_query, query))
    return parameters


def parse_json_object(body: bytes) -> Mapping[str, Any]:
    """The JSON object in a body; empty when there is none that can be read."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _make_authorization(client: Client) -> str:
    if not client.secret:
        return ""
    pair = f"{quote(client.client_id, safe='')}:{quote(client.secret, safe='')}"
    return "Basic " + b64encode(pair.encode()).decode()


def _parse_query(query: str) -> Mapping[str, str]:
    pairs = parse_qsl(query)
    parameters = dict(pairs)
    return parameters if len(parameters) == len(pairs) else {}


def _read_text(read: Mapping[str, Any], name: str) -> str:
    value = read.get(name, "")
    return value if isinstance(value, str) else ""
