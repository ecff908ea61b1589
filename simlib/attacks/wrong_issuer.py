"""Wrong issuer: a valid token of another tenant, which signs with the same keys."""

from typing import ClassVar

from simlib.attacks.base import Candidate, Preparation, TokenAttack
from simlib.scenario.effects import Context, Flow


class WrongIssuer(TokenAttack):
    """Any attacker can register a tenant and administrate it."""

    name: ClassVar[str] = "wrong_issuer"
    summary: ClassVar[str] = "a token of another tenant of the same server, with the same keys"
    source: ClassVar[str] = "RFC 8725 section 3.8, RFC 9068 section 4; CVE-2024-5037"
    needs: ClassVar[tuple[str, ...]] = ("token_of_another_tenant",)

    def prepare(self, ctx: Context) -> Flow[Preparation]:
        """Take it from the assets."""
        yield from ()
        return (Candidate("issued by another tenant", self.assets.token_of_another_tenant),)
