"""A victim: takes tokens that were made out to others (RFC 9068 section 4, RFC 8725 section 3.9; CVE-2024-5798)."""

from typing import ClassVar

from simlib.strategies.jwt_local import JwtLocal
from simlib.tokens import SharedSecret, Verification, VerificationKey


class NoAudience(JwtLocal):
    """Checks everything but the audience."""

    name: ClassVar[str] = "no_audience"
    summary: ClassVar[str] = "victim: JWT verified, but for whom it was made is not looked at"
    refused: ClassVar[str] = "tokens for any other API would be accepted (RFC 9068 section 4); use jwt_local"

    instead: ClassVar[str] = "jwt_local"

    def _verification(self, token: str, key: VerificationKey | SharedSecret) -> Verification:
        return super()._verification(token, key)._replace(audience=None)
