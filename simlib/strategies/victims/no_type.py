"""A victim: takes any JWT of the issuer for an access token (RFC 8725 section 3.11, RFC 9068 section 4)."""

from collections.abc import Mapping
from typing import Any, ClassVar

from simlib.scenario.verdict import Verdict
from simlib.strategies.jwt_local import JwtLocal
from simlib.tokens import SharedSecret, Verification, VerificationKey, header_of


class NoType(JwtLocal):
    """Checks signature, issuer, audience and time, and the scope where a token says one; not the type, nor whether all
    is there that an access token says.
    """

    name: ClassVar[str] = "no_type"
    summary: ClassVar[str] = "victim: any JWT that the issuer has signed for the API's name, whatever its type"
    refused: ClassVar[str] = "identity tokens would be accepted as access tokens (RFC 8725 section 3.11); use jwt_local"

    instead: ClassVar[str] = "jwt_local"

    def _verification(self, token: str, key: VerificationKey | SharedSecret) -> Verification:
        said = header_of(token).get("typ")
        return super()._verification(token, key)._replace(typ=said if isinstance(said, str) else "", required=())

    def _judged(self, claims: Mapping[str, Any], now: float, scope: str) -> Verdict:
        return super()._judged({"iat": None, **claims}, now, scope if "scope" in claims else "")
