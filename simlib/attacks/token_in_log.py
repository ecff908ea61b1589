"""Addresses are logged, kept in histories and sent as referrers; whoever reads them tries what they carry."""

from typing import ClassVar

from simlib.attacks.base import Candidate, Inapplicable, OnFlows, Preparation
from simlib.attacks.forms import parameters_of, redeem, won
from simlib.scenario.effects import Context, Flow


class TokenInLog(OnFlows):
    """The sign-in is over, so a code has been used."""

    name: ClassVar[str] = "token_in_log"
    summary: ClassVar[str] = "the addresses of a finished sign-in, read in a log"
    source: ClassVar[str] = "RFC 9700 sections 2.1.2, 4.2.4 and 4.3"
    needs: ClassVar[tuple[str, ...]] = ("redirects",)

    def prepare(self, ctx: Context) -> Flow[Preparation]:
        """A token is tried at once, a code is redeemed."""
        if not self.loot.redirects:
            yield from ()
            return Inapplicable("no address carries anything in this flow")
        carried = parameters_of(self.loot.redirects[0])
        if "access_token" in carried:
            return (Candidate("the token in the log", carried["access_token"]),)
        answer = yield from redeem(self.loot, carried.get("code", ""), self.loot.redirect_uri)
        return won(answer, "the token for the code in the log")
