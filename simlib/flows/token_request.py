"""The token request and its answer, as every flow makes it (RFC 6749 sections 3.2 and 5)."""

import json
from base64 import b64encode
from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from simlib.flows.base import Client, Obtained
from simlib.scenario.effects import Answer, Call, Compute, Context, Failed, Flow
from simlib.scenario.messages import HttpRequest, TokenResponse

TOKEN_TYPES = ("bearer", "dpop")
"""What a client knows how to present; it must not use others (RFC 6749 section 7.1)."""


def post(client: Client, target: str, form: Mapping[str, str], timeout: float) -> Flow[Answer]:
    """A form from an authenticated client, or from a public one that names itself (section 3.2.1)."""
    named = form if client.secret else {**form, "client_id": client.client_id}
    body = yield from form_bytes(named)
    answer: Answer = yield Call(target, HttpRequest(_authorization(client), body), timeout)
    return answer


def request_token(ctx: Context, client: Client, form: Mapping[str, str], timeout: float) -> Flow[Obtained]:
    """Redeem a grant. Its life counts from the question: a client must not trust a token longer than the server."""
    asked_at = ctx.now()
    answer = yield from post(client, "token", form, timeout)
    if isinstance(answer, Failed) or answer.status != 200:
        return answer
    read = yield Compute("json.decode", partial(json_object, answer.body))
    tokens = token_response(read, asked_at)
    return Failed("status", answer.status) if tokens is None else tokens


def token_response(read: Mapping[str, Any], asked_at: float) -> TokenResponse | None:
    """The tokens in an answer, None when there is none that the client could use; ``asked_at`` in seconds."""
    access, kind, life = read.get("access_token"), read.get("token_type"), read.get("expires_in")
    if not (isinstance(access, str) and access and isinstance(kind, str) and kind.lower() in TOKEN_TYPES):
        return None
    if isinstance(life, bool) or not isinstance(life, int | float):
        return None
    further = {name: _text(read, name) for name in ("refresh_token", "id_token", "scope")}
    return TokenResponse(access, life, asked_at, **further)


def form_bytes(form: Mapping[str, str]) -> Flow[bytes]:
    """A form as it travels."""
    body: bytes = yield Compute("form.encode", lambda: urlencode(form).encode())
    return body


def parameters_in(query: str) -> Flow[Mapping[str, str]]:
    """The parameters of a query; one that comes twice makes all of them worthless (RFC 6749 section 3.1)."""
    parameters: Mapping[str, str] = yield Compute("form.decode", partial(_parameters, query))
    return parameters


def json_object(body: bytes) -> Mapping[str, Any]:
    """The JSON object in a body; empty when there is none that can be read."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _authorization(client: Client) -> str:
    if not client.secret:
        return ""
    pair = f"{quote(client.client_id, safe='')}:{quote(client.secret, safe='')}"
    return "Basic " + b64encode(pair.encode()).decode()


def _parameters(query: str) -> Mapping[str, str]:
    pairs = parse_qsl(query)
    parameters = dict(pairs)
    return parameters if len(parameters) == len(pairs) else {}


def _text(read: Mapping[str, Any], name: str) -> str:
    value = read.get(name, "")
    return value if isinstance(value, str) else ""
