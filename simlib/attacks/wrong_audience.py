"""Wrong audience: a valid token for another API."""

from typing import ClassVar

from simlib.attacks.base import Candidate, Preparation, TokenAttack
from simlib.scenario.effects import Context, Flow


class WrongAudience(TokenAttack):
    """The operator of the other API receives such tokens from all of its users."""

    name: ClassVar[str] = "wrong_audience"
    summary: ClassVar[str] = "a token of the same server for another API"
    source: ClassVar[str] = "RFC 8725 section 3.9, RFC 9068 section 4, RFC 9700 section 4.10.2; CVE-2024-5798"
    needs: ClassVar[tuple[str, ...]] = ("token_for_another_api",)

    def prepare(self, ctx: Context) -> Flow[Preparation]:
        """Take it from the assets."""
        yield from ()
        return (Candidate("issued for another API", self.assets.token_for_another_api),)
