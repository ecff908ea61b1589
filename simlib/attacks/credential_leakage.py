"""Credential leakage: tokens, codes, cookies and passwords are read in logs, in storage, or by the client."""

from typing import ClassVar
from urllib.parse import parse_qs

from simlib.attacks.base import (
    AttackerAssets,
    Candidate,
    FlowAttack,
    NotApplicable,
    Preparation,
    PreparationFailure,
    send,
)
from simlib.attacks.oauth_requests import (
    build_authorization_request,
    make_candidates,
    make_form_request,
    make_proof_key,
    read_json,
    read_parameters,
    redeem_code,
)
from simlib.scenario.effects import Answer, Context, Flow, Reply
from simlib.scenario.messages import HttpRequest


class TokenInLog(FlowAttack):
    """Redirect read where URIs are logged, stored in histories or sent as referrers, with the token or code in it.

    The sign-in is complete, so a code is redeemed already.
    """

    name: ClassVar[str] = "token_in_log"
    summary: ClassVar[str] = "the redirects of a finished sign-in, read in a log"
    source: ClassVar[str] = "RFC 9700 sections 2.1.2, 4.2.4 and 4.3"
    needs: ClassVar[tuple[str, ...]] = ("redirects",)

    def prepare(self, ctx: Context) -> Flow[Preparation]:
        """Take a token from the logged redirect, or redeem its code."""
        if not self.assets.redirects:
            yield from ()
            return NotApplicable("no redirect carries anything in this flow")
        parameters = read_parameters(self.assets.redirects[0])
        if "access_token" in parameters:
            return (Candidate("the token in the log", parameters["access_token"]),)
        answer = yield from redeem_code(self.assets, parameters.get("code", ""), self.assets.redirect_uri)
        return make_candidates(answer, "the token for the code in the log")


class PasswordAtClient(FlowAttack):
    """Password taken by a malicious or compromised client, which signs in as the user at any time and for any scope."""

    name: ClassVar[str] = "password_at_client"
    summary: ClassVar[str] = "the client finds the user's password in its own requests, and signs in with it"
    source: ClassVar[str] = "RFC 9700 section 2.4, RFC 6749 section 10.7"
    needs: ClassVar[tuple[str, ...]] = ("token_requests", "client_authorization")

    def prepare(self, ctx: Context) -> Flow[Preparation]:
        """Search the client's requests for the password, and sign in as the user by the client's own flow."""
        forms = [parse_qs(request.body.decode("ascii", "replace")) for request in self.assets.token_requests]
        form = next((fields for fields in forms if "password" in fields), None)
        if form is None:
            return PreparationFailure("no password passes through the client")
        verifier, challenge = make_proof_key(ctx)
        login = {"login": form["username"][0], "password": form["password"][0]}
        parameters = build_authorization_request(self.assets, self.assets.redirect_uri, challenge, **login)
        answer = yield from send("authorize", make_form_request(**parameters))
        location = answer.body.decode() if isinstance(answer, Reply) and answer.status == 302 else ""
        code = read_parameters(location).get("code", "")
        authorization = self.assets.client_authorization
        redeemed = yield from redeem_code(self.assets, code, self.assets.redirect_uri, verifier, authorization)
        return make_candidates(redeemed, "a token of a sign-in with the password")


class BrowserStorage(FlowAttack):
    """Tokens or cookie of a page, read by a script in it.

    The script runs through a flaw of the page or of a library that it loads (cross-site scripting).
    """

    name: ClassVar[str] = "browser_storage"
    summary: ClassVar[str] = "a script in the page steals the tokens, or the cookie, that it can read"
    source: ClassVar[str] = "draft-ietf-oauth-browser-based-apps sections 5.1 and 6.1, RFC 9700 section 4.10"
    needs: ClassVar[tuple[str, ...]] = ("browser_storage",)

    def prepare(self, ctx: Context) -> Flow[Preparation]:
        """Read the storage of the page."""
        yield from ()
        storage = self.assets.browser_storage
        if storage is None:
            return NotApplicable("no page stores anything in this flow")
        candidates = tuple(
            Candidate(f"the {name} of the page", (name, value)) for name, value in storage.items() if value
        )
        return candidates or PreparationFailure("no script can read a cookie that is HttpOnly")

    def attempt(self, ctx: Context, candidate: Candidate) -> Flow[Answer]:
        """Present a token to the API, or a cookie to the backend that issued it."""
        name, value = candidate.value
        if name == "cookie":
            return send("bff", HttpRequest(f"Cookie {value}"))
        return send("api", HttpRequest(f"Bearer {value}"))


class StolenRefreshToken(FlowAttack):
    """Refresh token from the client's storage.

    Redeems it before its owner does, and again whenever the access token has expired.
    """

    name: ClassVar[str] = "stolen_refresh_token"
    summary: ClassVar[str] = "the victim's refresh token, redeemed repeatedly"
    source: ClassVar[str] = "RFC 6749 section 10.4, RFC 9700 sections 2.2.2 and 4.14"
    needs: ClassVar[tuple[str, ...]] = ("refresh_token", "refresh_tokens_exist")

    def __init__(self, assets: AttackerAssets) -> None:
        super().__init__(assets)
        self._refresh_token = assets.refresh_token

    def prepare(self, ctx: Context) -> Flow[Preparation]:
        """Redeem it for the first time."""
        if not self._refresh_token:
            if self.assets.refresh_tokens_exist:
                return PreparationFailure("refresh tokens never leave the backend")
            return NotApplicable("this flow issues no refresh token")
        token = yield from self._refresh()
        return (Candidate("tokens for the refresh token", [token]),) if token else PreparationFailure()

    def attempt(self, ctx: Context, candidate: Candidate) -> Flow[Answer]:
        """Present the access token; when it has expired, refresh and present the new one."""
        answer = yield from self.assets.as_client(candidate.value[0])
        if isinstance(answer, Reply) and answer.status == 401:
            token = yield from self._refresh()
            if token:
                candidate.value[0] = token
                return (yield from self.assets.as_client(token))
        return answer

    def _refresh(self) -> Flow[str]:
        fields = {
            "grant_type": "refresh_token",
            "refresh_token": self._refresh_token,
            "client_id": self.assets.client_id,
        }
        tokens = read_json((yield from self.assets.by_own_key(send("token", make_form_request(**fields)))))
        self._refresh_token = tokens.get("refresh_token", self._refresh_token)
        return str(tokens.get("access_token", ""))
