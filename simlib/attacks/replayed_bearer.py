"""A token was seen on its way, and is presented by whoever saw it."""

from typing import ClassVar

from simlib.attacks.base import Preparation
from simlib.attacks.stolen_token import StolenTokenAttack, list_presentations
from simlib.scenario.effects import Context, Flow


class ReplayedBearer(StolenTokenAttack):
    """Nobody has noticed."""

    name: ClassVar[str] = "replayed_bearer"
    summary: ClassVar[str] = "somebody else's token, seen in one of its requests"
    source: ClassVar[str] = "RFC 6750 section 5.1, RFC 9700 sections 2.2.1 and 4.10.1"

    def prepare(self, ctx: Context) -> Flow[Preparation]:
        """The request is at hand."""
        yield from ()
        return list_presentations(self.assets, self.assets.stolen_token)
