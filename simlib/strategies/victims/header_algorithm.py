"""A victim: the token's header decides how it is verified (RFC 8725 section 2.1; CVE-2015-9235, CVE-2016-10555)."""

import hashlib
import hmac
from typing import ClassVar

from simlib.scenario.effects import Compute, Context, Flow
from simlib.scenario.verdict import Verdict
from simlib.strategies import refusals
from simlib.strategies.jwks_client import KeyCache
from simlib.strategies.jwt_local import JwtLocal
from simlib.tokens import header_of
from simlib.tokens.forging import claims_of, decoded, public_pem


class HeaderAlgorithm(JwtLocal):
    """Takes "none" for signed, and a public key for the secret of HS256."""

    name: ClassVar[str] = "header_algorithm"
    summary: ClassVar[str] = "victim: JWT verified by the algorithm that its own header names"
    refused: ClassVar[str] = "the token itself would choose how it is verified (RFC 8725 section 3.1); use jwt_local"

    instead: ClassVar[str] = "jwt_local"

    def _verify(self, ctx: Context, state: KeyCache, token: str, scope: str) -> Flow[Verdict]:
        algorithm = str(header_of(token).get("alg")).lower()
        if algorithm not in ("none", "hs256"):
            return (yield from super()._verify(ctx, state, token, scope))
        if not (yield from self._keys.ready(ctx, state)):
            return refusals.cannot_tell("no_keys")
        key = yield from self._keys.find(ctx, state, header_of(token).get("kid"))
        if key is None:
            return refusals.invalid_token("unknown_key")
        secret = public_pem(key.jwk)
        holds = algorithm == "none" or (yield Compute("jwt.verify.HS256", lambda: _authenticates(token, secret)))
        if not holds:
            return refusals.invalid_token("signature")
        return self._judged(claims_of(token), ctx.now(), scope)


def _authenticates(token: str, secret: bytes) -> bool:
    signing_input, _, signature = token.rpartition(".")
    return hmac.compare_digest(hmac.new(secret, signing_input.encode(), hashlib.sha256).digest(), decoded(signature))
