"""Use after revocation: a stolen token is presented after its owner has revoked it."""

from typing import ClassVar

from simlib.attacks.base import OWNER, Preparation, send
from simlib.attacks.stolen_token import StolenTokenAttack, list_presentations
from simlib.scenario.effects import Context, Flow
from simlib.scenario.messages import HttpRequest


class UseAfterRevocation(StolenTokenAttack):
    """The resource server has accepted the token before, so its caches may hold it."""

    name: ClassVar[str] = "use_after_revocation"
    summary: ClassVar[str] = "the victim's token, presented after it was revoked"
    source: ClassVar[str] = "RFC 7009 section 3, RFC 9700 section 4.10; CVE-2013-2104, CVE-2026-35594"

    def prepare(self, ctx: Context) -> Flow[Preparation]:
        """Wait for the revocation."""
        yield from send(OWNER, HttpRequest())
        return list_presentations(self.assets, self.assets.stolen_token)
