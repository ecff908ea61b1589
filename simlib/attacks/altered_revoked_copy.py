"""Altered copy of a revoked token: another text that verifies like it."""

from typing import ClassVar

from simlib.attacks.base import OWNER, Candidate, Preparation, send
from simlib.attacks.stolen_token import StolenTokenAttack
from simlib.scenario.effects import Context, Flow
from simlib.scenario.messages import HttpRequest
from simlib.tokens import read_header
from simlib.tokens.forging import ORDERS, malleate_signature, vary_encoding


class AlteredRevokedCopy(StolenTokenAttack):
    """Uses the malleability of ECDSA signatures, and unused bits and padding of base64url."""

    name: ClassVar[str] = "altered_revoked_copy"
    summary: ClassVar[str] = "a revoked token in another encoding that is still valid"
    source: ClassVar[str] = "RFC 4648 section 3.5, RFC 7009 section 3; CVE-2015-7546"

    def prepare(self, ctx: Context) -> Flow[Preparation]:
        """Wait for the revocation, then encode the token differently."""
        yield from send(OWNER, HttpRequest())
        token = self.assets.stolen_token
        copies = [("another last character", vary_encoding(token)), ("padded", token + "=")]
        if read_header(token).get("alg") in ORDERS and token.count(".") == 2:
            copies.insert(0, ("the signature (r, n - s)", malleate_signature(token)))
        return tuple(Candidate(label, HttpRequest(f"Bearer {text}")) for label, text in copies if text != token)
