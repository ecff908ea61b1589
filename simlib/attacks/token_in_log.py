"""Token in a log: URIs are logged, stored in histories and sent as referrers, with the token or code in them."""

from typing import ClassVar

from simlib.attacks.base import Candidate, FlowAttack, NotApplicable, Preparation
from simlib.attacks.oauth_requests import make_candidates, read_parameters, redeem_code
from simlib.scenario.effects import Context, Flow


class TokenInLog(FlowAttack):
    """The sign-in is complete, so a code is redeemed already."""

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
