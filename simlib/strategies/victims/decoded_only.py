"""A victim: decodes JWTs and believes what they say (RFC 8725 section 3.3; CVE-2022-39227 had the same effect)."""

from collections.abc import Mapping
from typing import Any, ClassVar

from simlib.scenario.effects import Compute, Context, Flow
from simlib.scenario.verdict import Verdict
from simlib.strategies import refusals
from simlib.strategies.jwks_client import KeyCache
from simlib.strategies.jwt_local import JwtLocal
from simlib.tokens.forging import claims_of


class DecodedOnly(JwtLocal):
    """Looks at issuer, audience, time and scope, and never at the signature."""

    name: ClassVar[str] = "decoded_only"
    summary: ClassVar[str] = "victim: JWT decoded, its signature never verified"
    refused: ClassVar[str] = "anybody could write a token, because no signature is verified; use jwt_local"

    instead: ClassVar[str] = "jwt_local"

    def _verify(self, ctx: Context, state: KeyCache, token: str, scope: str) -> Flow[Verdict]:
        claims = yield Compute("json.decode", lambda: _claims(token))
        if claims is None:
            return refusals.invalid_token("malformed")
        for name, ours in (("iss", self._deployment.issuer), ("aud", self._deployment.audience)):
            if claims.get(name) != ours:
                return refusals.invalid_token("issuer" if name == "iss" else "audience")
        return self._judged({"iat": None, **claims}, ctx.now(), scope)


def _claims(token: str) -> Mapping[str, Any] | None:
    try:
        claims: Mapping[str, Any] = claims_of(token)
    except (ValueError, IndexError):
        return None
    return claims if isinstance(claims, dict) else None
