"""A token that asks its reader to compute for long before anything can be told about it."""

from typing import ClassVar

from simlib.attacks.base import Candidate, NotApplicable, Preparation, TokenAttack, send
from simlib.scenario.effects import Answer, Context, Flow
from simlib.scenario.messages import HttpRequest
from simlib.tokens.forging import forge_pbes2_token

ITERATIONS = 500_000


class PasswordWork(TokenAttack):
    """PBES2 lets the sender say how many iterations of PBKDF2 the receiver does."""

    name: ClassVar[str] = "password_work"
    summary: ClassVar[str] = "an encrypted token whose header asks for half a million iterations (PBES2)"
    source: ClassVar[str] = "RFC 7518 section 8.1, RFC 8725 section 3.2; CVE-2022-36083, CVE-2023-52428"
    needs: ClassVar[tuple[str, ...]] = ("encryption_jwk",)
    single_use: ClassVar[bool] = True
    work_threshold: ClassVar[int] = 10_000

    def prepare(self, ctx: Context) -> Flow[Preparation]:
        """Write the header; nothing else needs to be right."""
        yield from ()
        if self.assets.encryption_jwk is None:
            return NotApplicable("no tokens are decrypted here")
        return (Candidate(f"{ITERATIONS:,} iterations", forge_pbes2_token(ITERATIONS)),)

    def attempt(self, ctx: Context, candidate: Candidate) -> Flow[Answer]:
        """As a bearer token."""
        return send("api", HttpRequest(f"Bearer {candidate.value}"))
