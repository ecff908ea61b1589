"""Issuer mix-up: a client of several authorization servers is made to send the code of one to another."""

from collections.abc import Mapping
from typing import ClassVar
from urllib.parse import parse_qsl

from simlib.attacks.base import (
    AUTHORIZE_AT_ATTACKER,
    BROWSER,
    TOKEN_AT_ATTACKER,
    AttackerAssets,
    FlowAttack,
    Handler,
    NotApplicable,
    Preparation,
    PreparationFailure,
    send,
)
from simlib.attacks.oauth_requests import make_candidates, make_form_request, redeem_code
from simlib.scenario.effects import Context, Flow, Reply
from simlib.scenario.messages import HttpRequest


class IssuerMixup(FlowAttack):
    """The user starts at the attacker's server, which redirects the browser to the honest one."""

    name: ClassVar[str] = "issuer_mixup"
    summary: ClassVar[str] = "a code of the honest server is sent to the token endpoint of the attacker's"
    source: ClassVar[str] = "RFC 9700 sections 2.1 and 4.4, RFC 9207 section 1"

    def __init__(self, assets: AttackerAssets) -> None:
        super().__init__(assets)
        self._captured: dict[str, str] = {}

    def prepare(self, ctx: Context) -> Flow[Preparation]:
        """Wait for the code, and redeem it at the honest server with the verifier received with it."""
        answer = yield from send(BROWSER, make_form_request(step="other_server"))
        if isinstance(answer, Reply) and answer.status == 404:
            return NotApplicable("no browser is redirected in this flow")
        code = self._captured.get("code", "")
        if not code:
            is_signed_in = isinstance(answer, Reply) and answer.status == 200
            return NotApplicable("no code is redeemed in this flow") if is_signed_in else PreparationFailure()
        verifier = self._captured.get("code_verifier", "")
        redeemed = yield from redeem_code(self.assets, code, self.assets.redirect_uri, verifier)
        return make_candidates(redeemed, "the token for the code")

    def list_endpoints(self) -> Mapping[str, Handler]:
        """Return the endpoints of the attacker's authorization server."""
        return {AUTHORIZE_AT_ATTACKER: self._authorize, TOKEN_AT_ATTACKER: self._token}

    def _authorize(self, request: HttpRequest) -> Flow[Reply]:
        """Redirect to the honest server, with the request unchanged."""
        yield from ()
        return Reply(302, request.body)

    def _token(self, request: HttpRequest) -> Flow[Reply]:
        """Record the client's token request and refuse it."""
        yield from ()
        self._captured.update(parse_qsl(request.body.decode("ascii", "replace")))
        return Reply(400, b'{"error":"invalid_grant"}')
