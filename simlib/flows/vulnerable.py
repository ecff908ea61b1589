"""Vulnerable flows, each without a safeguard, as targets of attacks; no design may use them: ``refused`` is the reason.

The implicit grant (RFC 6749 section 4.2; RFC 9700 section 2.1.2), the password grant (RFC 6749 section 4.3; RFC 9700
section 2.4), authorization code without PKCE (RFC 9700 section 2.1.1), without ``state`` (RFC 6749 section 10.12),
without ``iss`` (RFC 9700 section 4.4) or without any of them, and a backend for frontend whose cookie scripts can read
(RFC 6265 section 4.1.2.6). ``needs_server`` is the vulnerable authorization server that the clients of some need.
"""

import hmac
from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar

from simlib.flows.authorization_code import STATE_BYTES, AuthorizationCode, Safeguards, encode_base64url, sign_in
from simlib.flows.backend_for_frontend import BackendForFrontend
from simlib.flows.base import (
    Client,
    FlowSettings,
    GrantFlow,
    GrantResult,
    distrust,
    make_error,
    parse_parameters,
    parse_token_response,
    request_token,
)
from simlib.scenario.effects import Compute, Context, Flow
from simlib.scenario.world import ClientKind


class Implicit:
    """The token is in the URI of the redirect."""

    name: ClassVar[str] = "implicit"
    summary: ClassVar[str] = "the access token itself travels in the redirect"
    client_kinds: ClassVar[tuple[ClientKind, ...]] = ("spa", "mobile")
    token_kinds: ClassVar[frozenset[str]] = frozenset({"access_token"})
    needs_server: ClassVar[str] = "implicit_grant"
    refused: ClassVar[str] = (
        "the access token would be part of a URI, which histories, logs and other pages can read "
        "(RFC 9700 section 2.1.2); use authorization_code"
    )
    Settings: ClassVar[type[FlowSettings]] = FlowSettings

    def __init__(self, settings: FlowSettings, client: Client) -> None:
        self._settings = settings
        self._client = client

    def obtain(self, ctx: Context) -> Flow[GrantResult]:
        """Have the user sign in and read the token from the redirect."""
        client, now = self._client, ctx.now()
        state = encode_base64url(ctx.random_bytes("state", STATE_BYTES))
        parameters = {
            "response_type": "token",
            "client_id": client.client_id,
            "redirect_uri": client.redirect_uri,
            "scope": client.scope,
            "state": state,
        }
        location = yield from sign_in(client, parameters, self._settings.timeout_s)
        if not isinstance(location, str):
            return location
        _, _, encoded = location.replace("?", "#", 1).partition("#")  # the fragment, or the query of an error
        fields = yield from parse_parameters(encoded)
        yield Compute("claims.check")
        if not hmac.compare_digest(fields.get("state", "").encode(), state.encode()):
            return distrust("state")
        if "error" in fields:
            return make_error(fields["error"])
        return parse_token_response({**fields, "expires_in": _read_seconds(fields)}, now) or distrust("access_token")


def _read_seconds(fields: Mapping[str, str]) -> float | None:
    text = fields.get("expires_in", "")
    return float(text) if text.isdecimal() else None


class Password:
    """The client sends the user's password."""

    name: ClassVar[str] = "password"
    summary: ClassVar[str] = "the client itself takes the user's password and sends it"
    client_kinds: ClassVar[tuple[ClientKind, ...]] = ("web", "mobile")
    token_kinds: ClassVar[frozenset[str]] = frozenset({"access_token", "refresh_token"})
    needs_server: ClassVar[str] = "password_grant"
    refused: ClassVar[str] = (
        "the client would see the user's password, and no second factor could be required "
        "(RFC 9700 section 2.4); use authorization_code"
    )
    Settings: ClassVar[type[FlowSettings]] = FlowSettings

    def __init__(self, settings: FlowSettings, client: Client) -> None:
        self._settings = settings
        self._client = client

    def obtain(self, ctx: Context) -> Flow[GrantResult]:
        """Send one token request with the password."""
        client = self._client
        form = {
            "grant_type": "password",
            "username": client.subject,
            "password": client.password,
            "scope": client.scope,
        }
        return (yield from request_token(ctx, client, form, self._settings.timeout_s))


class CodeWithoutSafeguards(AuthorizationCode):
    """Neither PKCE nor ``state`` nor ``iss``."""

    name: ClassVar[str] = "bare_code"
    summary: ClassVar[str] = "vulnerable: authorization code with neither PKCE nor state nor iss"
    needs_server: ClassVar[str] = "without_pkce"
    refused: ClassVar[str] = (
        "codes could be intercepted, injected and forced upon users (RFC 9700 section 2.1); use authorization_code"
    )
    safeguards: ClassVar[Safeguards] = Safeguards(pkce=False, state=False, issuer=False)


class CodeWithoutIssuer(AuthorizationCode):
    """Without ``iss`` the client may send the code to a server that did not issue it."""

    name: ClassVar[str] = "code_without_issuer"
    summary: ClassVar[str] = "vulnerable: authorization code with PKCE, by a client that does not verify iss"
    refused: ClassVar[str] = (
        "a malicious server could obtain codes of an honest one (RFC 9700 section 4.4); use authorization_code"
    )
    safeguards: ClassVar[Safeguards] = Safeguards(issuer=False)


class CodeWithoutPkce(AuthorizationCode):
    """Without a challenge any client instance can redeem the code."""

    name: ClassVar[str] = "code_without_pkce"
    summary: ClassVar[str] = "vulnerable: authorization code without PKCE"
    needs_server: ClassVar[str] = "without_pkce"
    refused: ClassVar[str] = (
        "an attacker could redeem or inject an intercepted code (RFC 9700 section 2.1.1); use authorization_code"
    )
    safeguards: ClassVar[Safeguards] = Safeguards(pkce=False)


class CodeWithoutState(AuthorizationCode):
    """Without ``state`` only PKCE detects a foreign code (RFC 9700 section 4.7.1)."""

    name: ClassVar[str] = "code_without_state"
    summary: ClassVar[str] = "vulnerable: authorization code with PKCE, by a client that does not compare state"
    refused: ClassVar[str] = (
        "redirects that the user did not request would be followed (RFC 6749 section 10.12); use authorization_code"
    )
    safeguards: ClassVar[Safeguards] = Safeguards(state=False)


class BackendWithReadableCookie(BackendForFrontend):
    """A script can steal the session, but not the tokens."""

    name: ClassVar[str] = "backend_with_readable_cookie"
    summary: ClassVar[str] = "vulnerable: backend for a single-page app, with a cookie that scripts can read"
    refused: ClassVar[str] = (
        "a script in the page could steal the session (RFC 6265 section 4.1.2.6); use backend_for_frontend"
    )
    http_only: ClassVar[bool] = False


VULNERABLE_FLOWS: Mapping[str, type[GrantFlow]] = MappingProxyType(
    {
        flow.name: flow
        for flow in (
            Implicit,
            Password,
            CodeWithoutPkce,
            CodeWithoutState,
            CodeWithoutIssuer,
            CodeWithoutSafeguards,
            BackendWithReadableCookie,
        )
    }
)
"""The vulnerable flows by name."""

__all__ = ["VULNERABLE_FLOWS", "Implicit", "Password"]
