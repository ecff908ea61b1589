"""Replayed bearer token: an intercepted token is presented by the attacker."""

from typing import ClassVar

from simlib.attacks.base import Preparation
from simlib.attacks.stolen_token import StolenTokenAttack, list_presentations
from simlib.scenario.effects import Context, Flow


class ReplayedBearer(StolenTokenAttack):
    """The token is not revoked."""

    name: ClassVar[str] = "replayed_bearer"
    summary: ClassVar[str] = "the victim's token, intercepted in a request"
    source: ClassVar[str] = "RFC 6750 section 5.1, RFC 9700 sections 2.2.1 and 4.10.1"

    def prepare(self, ctx: Context) -> Flow[Preparation]:
        """Take the token from the intercepted request."""
        yield from ()
        return list_presentations(self.assets, self.assets.stolen_token)
