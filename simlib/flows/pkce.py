"""Proof key for code exchange (RFC 7636): whoever asked for a code proves it when redeeming the code."""

from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import NamedTuple

from simlib.scenario.effects import Compute, Context, Flow

VERIFIER_BYTES = 32
"""256 random bits make 43 characters, the least that section 4.1 allows and what it recommends."""


class ProofKey(NamedTuple):
    """The verifier, which stays with the client, and the challenge, which goes ahead."""

    verifier: str
    challenge: str


def proof_key(ctx: Context) -> Flow[ProofKey]:
    """A new one, with the method S256 (section 4.2)."""
    verifier = text_of(ctx.random_bytes("code_verifier", VERIFIER_BYTES))
    challenge = yield Compute("token.hash", lambda: text_of(sha256(verifier.encode()).digest()))
    return ProofKey(verifier, challenge)


def text_of(data: bytes) -> str:
    """Bytes in base64url without padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()
