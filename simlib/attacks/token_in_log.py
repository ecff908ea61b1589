"""Addresses are logged, kept in histories and sent as referrers; whoever reads them tries what they carry."""

from typing import ClassVar

from simlib.attacks.base import Candidate, FlowAttack, NotApplicable, Preparation
from simlib.attacks.oauth_requests import make_candidates, read_parameters, redeem_code
from simlib.scenario.effects import Context, Flow


class TokenInLog(FlowAttack):
    """The sign-in is over, so a code has been used."""

    name: ClassVar[str] = "token_in_log"
    summary: ClassVar[str] = "the addresses of a finished sign-in, read in a log"
    source: ClassVar[str] = "RFC 9700 sections 2.1.2, 4.2.4 and 4.3"
    needs: ClassVar[tuple[str, ...]] = ("redirects",)

    def prepare(self, ctx: Context) -> Flow[Preparation]:
        """A token is tried at once, a code is redeemed."""
        if not self.assets.redirects:
            yield from ()
            return NotApplicable("no address carries anything in this flow")
        carried = read_parameters(self.assets.redirects[0])
        if "access_token" in carried:
            return (Candidate("the token in the log", carried["access_token"]),)
        answer = yield from redeem_code(self.assets, carried.get("code", ""), self.assets.redirect_uri)
        return make_candidates(answer, "the token for the code in the log")
