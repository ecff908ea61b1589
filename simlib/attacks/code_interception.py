"""Code interception: the redirect to the client is intercepted, and its code redeemed by the attacker."""

from typing import ClassVar

from simlib.attacks.base import Candidate, FlowAttack, NotApplicable, Preparation
from simlib.attacks.oauth_requests import make_candidates, read_parameters, redeem_code
from simlib.scenario.effects import Context, Flow


class CodeInterception(FlowAttack):
    """Intercepts it on a phone by an application with the same URI scheme, elsewhere in a log or a referrer."""

    name: ClassVar[str] = "code_interception"
    summary: ClassVar[str] = "the redirect to the client is intercepted, and its code redeemed first"
    source: ClassVar[str] = "RFC 7636 section 1, RFC 9700 sections 2.1.1 and 4.2"
    needs: ClassVar[tuple[str, ...]] = ("fresh_redirect",)

    def prepare(self, ctx: Context) -> Flow[Preparation]:
        """Redeem the code of the redirect; the attacker has no secret and no verifier."""
        if not self.assets.fresh_redirect:
            yield from ()
            return NotApplicable("no browser is redirected in this flow")
        parameters = read_parameters(self.assets.fresh_redirect)
        if "access_token" in parameters:
            return (Candidate("the token in the redirect", parameters["access_token"]),)
        answer = yield from redeem_code(self.assets, parameters.get("code", ""), self.assets.redirect_uri)
        return make_candidates(answer, "the token for the code")
