"""A token that has ended."""

from typing import ClassVar

from simlib.attacks.base import Candidate, Preparation, TokenAttack
from simlib.scenario.effects import Context, Flow


class ExpiredToken(TokenAttack):
    """The attacker's own, kept for too long."""

    name: ClassVar[str] = "expired_token"
    summary: ClassVar[str] = "own token, presented after its end"
    source: ClassVar[str] = "RFC 7519 section 4.1.4, RFC 7662 section 4"
    needs: ClassVar[tuple[str, ...]] = ("expired_token",)

    def prepare(self, ctx: Context) -> Flow[Preparation]:
        """It is at hand."""
        yield from ()
        return (Candidate("an old token", self.assets.expired_token),)
