"""Flow protocol and its parts: the registered client, and the token request with its response (RFC 6749 sections 3.2
and 5).
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
from simlib.tokens import is_finite_number, split_scope

GrantResult = TokenResponse | Answer
"""The tokens, or the reply or failure that ended the flow without any."""


@dataclass(frozen=True)
class Client:
    """A registered client acting for one user.

    ``secret`` is empty for a public client. ``issuer`` is the authorization server that it trusts. ``subject`` and
    ``password`` are what its user enters there, ``approval_s`` the seconds until the user approves a device elsewhere.
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
        """Whether the client requests an ID token (OpenID Connect Core section 3.1.2.1)."""
        return "openid" in split_scope(self.scope)


@dataclass(frozen=True)
class FlowSettings:
    """``timeout_s`` bounds each call of the client, in seconds."""

    timeout_s: float = 30.0

    def __post_init__(self) -> None:
        if not (isfinite(self.timeout_s) and self.timeout_s > 0):
            raise ValueError("timeout_s must be a finite number above 0")


class GrantFlow(Protocol):
    """Protocol of a flow by which a client obtains tokens.

    ``client_kinds`` are the kinds of client that sign in by it, none when it needs a token to begin with.
    ``token_kinds`` are the tokens that it yields: "access_token", "refresh_token", "id_token". ``refused`` is the
    reason why no design may use it, empty when designs may.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    client_kinds: ClassVar[tuple[ClientKind, ...]]
    token_kinds: ClassVar[frozenset[str]]
    refused: ClassVar[str]
    Settings: ClassVar[type[Any]]

    def __init__(self, settings: Any, client: Client) -> None: ...

    def obtain(self, ctx: Context) -> Flow[GrantResult]:
        """Run the flow to its end."""


def make_error(error: str) -> Reply:
    """Make an error response of an error in a redirect, in the token endpoint's form (RFC 6749 section 5.2)."""
    return Reply(400, json.dumps({"error": error}).encode())


def distrust(check: str) -> Reply:
    """Make the error response for a redirect or token that fails a check of the client; ``check`` names it."""
    return Reply(400, json.dumps({"error": "mistrusted", "error_description": check}).encode())


TOKEN_TYPES = ("bearer", "dpop")
"""Token types that a client can present; it must not use others (RFC 6749 section 7.1)."""


def post_form(client: Client, target: str, form: Mapping[str, str], timeout: float) -> Flow[Answer]:
    """Post a form of a client that authenticates, or of a public one that sends its client_id (section 3.2.1)."""
    parameters = form if client.secret else {**form, "client_id": client.client_id}
    body = yield from encode_form(parameters)
    answer: Answer = yield Call(target, HttpRequest(_make_authorization(client), body), timeout)
    return answer


def request_token(ctx: Context, client: Client, form: Mapping[str, str], timeout: float) -> Flow[GrantResult]:
    """Redeem a grant; the token's lifetime counts from the request, so that it never outlives the server's."""
    requested_at = ctx.now()
    answer = yield from post_form(client, "token", form, timeout)
    if isinstance(answer, Failed) or answer.status != 200:
        return answer
    response = yield Compute("json.decode", partial(parse_json, answer.body))
    tokens = parse_token_response(response, requested_at)
    return Failed("status", answer.status) if tokens is None else tokens


def parse_token_response(response: Mapping[str, Any], requested_at: float) -> TokenResponse | None:
    """The tokens in an answer, None when there is none that the client could use; ``requested_at`` in seconds."""
    access, kind, life = response.get("access_token"), response.get("token_type"), response.get("expires_in")
    if not (isinstance(access, str) and access and isinstance(kind, str) and kind.lower() in TOKEN_TYPES):
        return None
    if not is_finite_number(life):
        return None
    optional = {name: _read_text(response, name) for name in ("refresh_token", "id_token", "scope")}
    return TokenResponse(access, life, requested_at, **optional)


def encode_form(form: Mapping[str, str]) -> Flow[bytes]:
    """Encode a form."""
    body: bytes = yield Compute("form.encode", lambda: urlencode(form).encode())
    return body


def parse_parameters(query: str) -> Flow[Mapping[str, str]]:
    """Parse a query; a repeated parameter makes it invalid, and it counts as empty (RFC 6749 section 3.1)."""
    parameters: Mapping[str, str] = yield Compute("form.decode", partial(_parse_query, query))
    return parameters


def parse_json(body: bytes) -> Mapping[str, Any]:
    """Parse the JSON object in a body; empty when there is none or it is malformed."""
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


def _read_text(response: Mapping[str, Any], name: str) -> str:
    value = response.get(name, "")
    return value if isinstance(value, str) else ""
