"""A stolen token goes on being presented after its owner has had it revoked."""

from typing import ClassVar

from simlib.attacks.base import OWNER, Preparation, send
from simlib.attacks.stolen_token import StolenTokenAttack, list_presentations
from simlib.scenario.effects import Context, Flow
from simlib.scenario.messages import HttpRequest


class UseAfterRevocation(StolenTokenAttack):
    """The resource server knows it already, so whatever it keeps is warm."""

    name: ClassVar[str] = "use_after_revocation"
    summary: ClassVar[str] = "somebody else's token, presented after it was revoked"
    source: ClassVar[str] = "RFC 7009 section 3, RFC 9700 section 4.10; CVE-2013-2104, CVE-2026-35594"

    def prepare(self, ctx: Context) -> Flow[Preparation]:
        """Wait for the revocation."""
        yield from send(OWNER, HttpRequest())
        return list_presentations(self.assets, self.assets.stolen_token)
