"""Flows that lack something, to show what goes wrong without it. No design may use them: ``refused`` says why.

``needs_server`` is the careless authorization server without which some of their clients cannot sign in at all.

The implicit grant (RFC 6749 section 4.2): a victim to attack, and no flow for a design (RFC 9700 section 2.1.2).

The password grant (RFC 6749 section 4.3): a victim to attack, and no flow for a design (RFC 9700 section 2.4).

A victim: authorization code without any precaution.

A victim: does not look from which authorization server an answer comes (RFC 9700 section 4.4).

A victim: authorization code without PKCE (RFC 9700 section 2.1.1).

A victim: takes redirects that it did not ask for, but proves its codes (RFC 6749 section 10.12).

A victim: a backend for a single-page app whose cookie scripts can read (RFC 6265 section 4.1.2.6).
"""

import hmac
from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar

from simlib.flows.authorization_code import AuthorizationCode
from simlib.flows.backend_for_frontend import BackendForFrontend
from simlib.flows.base import (
    Client,
    FlowSettings,
    GrantFlow,
    GrantResult,
    make_distrust_error,
    make_error,
    parse_parameters,
    parse_token_response,
    request_token,
)
from simlib.flows.front_channel import STATE_BYTES, Countermeasures, encode_base64url, sign_in
from simlib.scenario.effects import Compute, Context, Flow
from simlib.scenario.world import ClientKind


class Implicit:
    """The token comes in the address to which the browser is sent."""

    name: ClassVar[str] = "implicit"
    summary: ClassVar[str] = "the access token itself travels in the redirect"
    client_kinds: ClassVar[tuple[ClientKind, ...]] = ("spa", "mobile")
    token_kinds: ClassVar[frozenset[str]] = frozenset({"access_token"})
    needs_server: ClassVar[str] = "implicit_grant"
    refused: ClassVar[str] = (
        "the access token would travel in an address, where histories, logs and other pages can read it "
        "(RFC 9700 section 2.1.2); use authorization_code"
    )
    Settings: ClassVar[type[FlowSettings]] = FlowSettings

    def __init__(self, settings: FlowSettings, client: Client) -> None:
        self._settings = settings
        self._client = client

    def obtain(self, ctx: Context) -> Flow[GrantResult]:
        """Send the user away and read the token from the address."""
        client, requested_at = self._client, ctx.now()
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
        _, _, carried = location.replace("?", "#", 1).partition("#")  # the fragment, or the query of an error
        read = yield from parse_parameters(carried)
        yield Compute("claims.check")
        if not hmac.compare_digest(read.get("state", "").encode(), state.encode()):
            return make_distrust_error("state")
        if "error" in read:
            return make_error(read["error"])
        return parse_token_response({**read, "expires_in": _read_seconds(read)}, requested_at) or make_distrust_error(
            "access_token"
        )


def _read_seconds(read: Mapping[str, str]) -> float | None:
    text = read.get("expires_in", "")
    return float(text) if text.isdecimal() else None


class Password:
    """The user's password goes through the client."""

    name: ClassVar[str] = "password"
    summary: ClassVar[str] = "the client itself takes the user's password and sends it"
    client_kinds: ClassVar[tuple[ClientKind, ...]] = ("web", "mobile")
    token_kinds: ClassVar[frozenset[str]] = frozenset({"access_token", "refresh_token"})
    needs_server: ClassVar[str] = "password_grant"
    refused: ClassVar[str] = (
        "the client would see the user's password, and no second factor could be asked for "
        "(RFC 9700 section 2.4); use authorization_code"
    )
    Settings: ClassVar[type[FlowSettings]] = FlowSettings

    def __init__(self, settings: FlowSettings, client: Client) -> None:
        self._settings = settings
        self._client = client

    def obtain(self, ctx: Context) -> Flow[GrantResult]:
        """One question."""
        client = self._client
        form = {
            "grant_type": "password",
            "username": client.subject,
            "password": client.password,
            "scope": client.scope,
        }
        return (yield from request_token(ctx, client, form, self._settings.timeout_s))


class CodeWithoutCountermeasures(AuthorizationCode):
    """Neither PKCE nor ``state`` nor ``iss``."""

    name: ClassVar[str] = "bare_code"
    summary: ClassVar[str] = "victim: authorization code with neither PKCE nor state nor iss"
    needs_server: ClassVar[str] = "without_pkce"
    refused: ClassVar[str] = (
        "codes could be intercept_calls, injected and forced upon users (RFC 9700 section 2.1); use authorization_code"
    )
    countermeasures: ClassVar[Countermeasures] = Countermeasures(pkce=False, state=False, issuer=False)


class CodeWithoutIssuer(AuthorizationCode):
    """Sends the code to the server that it believes to have asked."""

    name: ClassVar[str] = "code_without_issuer"
    summary: ClassVar[str] = "victim: authorization code with PKCE, by a client that does not look at iss"
    refused: ClassVar[str] = (
        "a malicious server could be given codes of an honest one (RFC 9700 section 4.4); use authorization_code"
    )
    countermeasures: ClassVar[Countermeasures] = Countermeasures(issuer=False)


class CodeWithoutPkce(AuthorizationCode):
    """Sends no challenge, so a code is good in anybody's hands."""

    name: ClassVar[str] = "code_without_pkce"
    summary: ClassVar[str] = "victim: authorization code, without proof of whose code it is"
    needs_server: ClassVar[str] = "without_pkce"
    refused: ClassVar[str] = (
        "whoever gets hold of a code could use it or inject it (RFC 9700 section 2.1.1); use authorization_code"
    )
    countermeasures: ClassVar[Countermeasures] = Countermeasures(pkce=False)


class CodeWithoutState(AuthorizationCode):
    """Without ``state`` it is PKCE alone that tells a foreign code (RFC 9700 section 4.7.1)."""

    name: ClassVar[str] = "code_without_state"
    summary: ClassVar[str] = "victim: authorization code with PKCE, by a client that does not compare state"
    refused: ClassVar[str] = (
        "redirects that nobody asked for would be followed (RFC 6749 section 10.12); use authorization_code"
    )
    countermeasures: ClassVar[Countermeasures] = Countermeasures(state=False)


class BackendWithReadableCookie(BackendForFrontend):
    """The session can be taken away, and the tokens still cannot."""

    name: ClassVar[str] = "backend_with_readable_cookie"
    summary: ClassVar[str] = "victim: backend for a single-page app, with a cookie that scripts can read"
    refused: ClassVar[str] = (
        "a script in the page could take the session away (RFC 6265 section 4.1.2.6); use backend_for_frontend"
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
            CodeWithoutCountermeasures,
            BackendWithReadableCookie,
        )
    }
)
"""Those that are there to be attacked."""

__all__ = ["VULNERABLE_FLOWS", "Implicit", "Password"]
