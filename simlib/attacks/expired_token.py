"""Expired token: a token presented after its ``exp``."""

from typing import ClassVar

from simlib.attacks.base import Candidate, Preparation, TokenAttack
from simlib.scenario.effects import Context, Flow


class ExpiredToken(TokenAttack):
    """Presents the attacker's own token after its expiry."""

    name: ClassVar[str] = "expired_token"
    summary: ClassVar[str] = "own token, presented after its expiry"
    source: ClassVar[str] = "RFC 7519 section 4.1.4, RFC 7662 section 4"
    needs: ClassVar[tuple[str, ...]] = ("expired_token",)

    def prepare(self, ctx: Context) -> Flow[Preparation]:
        """Take it from the assets."""
        yield from ()
        return (Candidate("an old token", self.assets.expired_token),)
