"""A victim: believes every issuer whose key it knows, as with keys shared by tenants (RFC 8725 section 3.8)."""

from typing import ClassVar

from simlib.strategies.jwt_local import JwtLocal
from simlib.tokens import SharedSecret, Verification, VerificationKey, payload_of


class NoIssuer(JwtLocal):
    """Checks everything but the issuer."""

    name: ClassVar[str] = "no_issuer"
    summary: ClassVar[str] = "victim: JWT verified, but by whom it was issued is not looked at"
    refused: ClassVar[str] = "tokens of any tenant with the same keys would be accepted (RFC 8725 3.8); use jwt_local"

    instead: ClassVar[str] = "jwt_local"

    def _verification(self, token: str, key: VerificationKey | SharedSecret) -> Verification:
        said = (payload_of(token) or {}).get("iss")
        return super()._verification(token, key)._replace(issuer=str(said))
