"""DPoP proofs: a client proves at each request possession of the key that a token is bound to (RFC 9449 section 4)."""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple
from urllib.parse import SplitResult, urlsplit

import jwt

from simlib.tokens.algorithms import ALGORITHMS, Algorithm
from simlib.tokens.base64url import encode_base64url, has_canonical_segments
from simlib.tokens.claims import is_finite_number
from simlib.tokens.ec_key import generate
from simlib.tokens.jwk import MalformedKey, build_public_members, list_algorithms, parse_public_key
from simlib.tokens.jws import build_quick_decoder, build_stock_decoder, read_header
from simlib.tokens.keys import SigningKey, VerificationKey

PROOF_TYPE = "dpop+jwt"
PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
"""Members that a key in a header must not have (RFC 7518 section 6)."""

_PORTS = {"https": 443, "http": 80}
_QUICK, _STOCK = build_quick_decoder(), build_stock_decoder()

ProofReason = Literal["", "malformed", "type", "algorithm", "key", "signature", "htm", "htu", "ath", "claims"]


class VerifiedProof(NamedTuple):
    """Result of a verification: the contents of a valid proof, or an empty thumbprint and the check that refused it.

    ``thumbprint`` identifies the key (RFC 7638), ``issued_at`` is a NumericDate; it, the ``nonce`` and the reuse of the
    ``jti`` are not checked yet.
    """

    thumbprint: str
    jti: str = ""
    issued_at: float = 0.0
    nonce: str = ""
    reason: ProofReason = ""


class ProofVerification(NamedTuple):
    """Inputs of the verification of one proof, without time; calling it verifies.

    ``token`` is the access token presented with the proof, empty where there is none, as at the token endpoint.
    """

    proof: str
    method: str
    uri: str
    token: str = ""
    algorithms: tuple[str, ...] = ALGORITHMS

    def __call__(self) -> VerifiedProof:
        """Perform the checks 1 to 9 and 12 of RFC 9449 section 4.3."""
        return self._verify(_QUICK)

    def as_shipped(self) -> VerifiedProof:
        """Verify with unmodified PyJWT, whose time calibration measures; the result is the same."""
        return self._verify(_STOCK)

    def _verify(self, decoder: jwt.PyJWT) -> VerifiedProof:
        header = read_header(self.proof)
        key = self._find_key(header)
        if not isinstance(key, VerificationKey):
            return _refuse(key)
        try:
            claims = decoder.decode(
                self.proof, key.public_key, algorithms=[key.algorithm], options={"verify_aud": False}
            )
        except jwt.InvalidSignatureError:
            return _refuse("signature")
        except (jwt.PyJWTError, ValueError, RecursionError):
            return _refuse("malformed")
        reason = self._judge(claims)
        if reason:
            return _refuse(reason)
        return VerifiedProof(key.thumbprint, claims["jti"], claims["iat"], claims.get("nonce", ""))

    def _find_key(self, header: Mapping[str, Any]) -> VerificationKey | ProofReason:
        if not header or "crit" in header or not has_canonical_segments(self.proof):
            return "malformed"
        if header.get("typ") != PROOF_TYPE:
            return "type"
        members, header_alg = header.get("jwk"), header.get("alg")
        if not isinstance(members, dict) or PRIVATE_MEMBERS & members.keys():
            return "key"
        try:
            public_key = parse_public_key(members)
        except MalformedKey:
            return "key"
        matches = (alg for alg in list_algorithms(public_key) if alg == header_alg and alg in self.algorithms)
        algorithm: Algorithm | None = next(matches, None)
        return "algorithm" if algorithm is None else VerificationKey(public_key, "", algorithm)

    def _judge(self, claims: Mapping[str, Any]) -> ProofReason:
        jti, issued_at, nonce = claims.get("jti"), claims.get("iat"), claims.get("nonce", "")
        if not (isinstance(jti, str) and jti and isinstance(nonce, str)):
            return "claims"
        if not is_finite_number(issued_at):
            return "claims"
        if claims.get("htm") != self.method:
            return "htm"
        if not is_same_uri(claims.get("htu"), self.uri):
            return "htu"
        return "ath" if self.token and claims.get("ath") != compute_ath(self.token) else ""


def generate_proof_key() -> SigningKey:
    """Generate a key pair of a client: P-256, which signs fastest."""
    return SigningKey(generate("ES256"), "", "ES256")


def sign_proof(
    key: SigningKey, method: str, uri: str, issued_at: int, jti: str, token: str = "", nonce: str = ""
) -> str:
    """Sign a proof for one request (section 4.2); ``issued_at`` is a NumericDate."""
    claims: dict[str, Any] = {"jti": jti, "htm": method, "htu": uri, "iat": issued_at}
    if token:
        claims["ath"] = compute_ath(token)
    if nonce:
        claims["nonce"] = nonce
    header = {"typ": PROOF_TYPE, "jwk": build_public_members(key.verification_key.public_key)}
    return jwt.encode(claims, key.private_key, algorithm=key.algorithm, headers=header)


def compute_ath(token: str) -> str:
    """Compute the claim "ath": SHA-256 of the access token, base64url (section 4.2)."""
    return encode_base64url(hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest())


def compute_nonce(secret: str, place: str, period: int) -> str:
    """Compute the nonce of one period (a count): an HMAC, on which servers with a shared secret agree."""
    return encode_base64url(hmac.digest(secret.encode(), f"{place}/{period}".encode(), "sha256")[:16])


def is_same_uri(uri: object, own_uri: str) -> bool:
    """Whether two URIs are equal after normalization (RFC 3986 section 6.2), query and fragment ignored."""
    if not isinstance(uri, str):
        return False
    try:
        return _normalize(urlsplit(uri)) == _normalize(urlsplit(own_uri))
    except ValueError:
        return False


def _normalize(uri: SplitResult) -> tuple[str, str | None, int | None, str]:
    return uri.scheme, uri.hostname, uri.port or _PORTS.get(uri.scheme), uri.path or "/"


def _refuse(reason: ProofReason) -> VerifiedProof:
    return VerifiedProof("", reason=reason)
