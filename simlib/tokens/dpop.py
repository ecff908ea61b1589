"""DPoP proofs: a client shows at each request that it holds the key that a token is bound to (RFC 9449 section 4)."""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple
from urllib.parse import SplitResult, urlsplit

import jwt

from simlib.tokens.algorithms import ALGORITHMS, Algorithm
from simlib.tokens.ec_key import generate
from simlib.tokens.jwk import MalformedKey, algorithms_of, public_key_of, public_members
from simlib.tokens.jws import header_of, quick_decoder, stock_decoder
from simlib.tokens.keys import SigningKey, VerificationKey
from simlib.tokens.members import text_of

PROOF_TYPE = "dpop+jwt"
PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
"""What no key in a header may have (RFC 7518 section 6)."""

_PORTS = {"https": 443, "http": 80}
_QUICK, _STOCK = quick_decoder(), stock_decoder()

ProofReason = Literal["", "malformed", "type", "algorithm", "key", "signature", "htm", "htu", "ath", "claims"]


class VerifiedProof(NamedTuple):
    """What a proof says, or an empty thumbprint and the word for the check that refused it.

    ``thumbprint`` names the key (RFC 7638), ``issued_at`` is a NumericDate; nobody has judged it nor the ``nonce``, nor
    looked whether this ``jti`` was seen before.
    """

    thumbprint: str
    jti: str = ""
    issued_at: float = 0.0
    nonce: str = ""
    reason: ProofReason = ""


class ProofVerification(NamedTuple):
    """Everything that the verification of one proof rests on; time is not part of it.

    ``token`` is the access token that the proof comes with, empty where there is none, as at the token endpoint.
    """

    proof: str
    method: str
    uri: str
    token: str = ""
    algorithms: tuple[str, ...] = ALGORITHMS

    def __call__(self) -> VerifiedProof:
        """The checks 1 to 9 and 12 of RFC 9449 section 4.3."""
        return self._verify(_QUICK)

    def as_shipped(self) -> VerifiedProof:
        """The same verdict at the price of PyJWT as it is shipped: what calibration measures."""
        return self._verify(_STOCK)

    def _verify(self, decoder: jwt.PyJWT) -> VerifiedProof:
        header = header_of(self.proof)
        key = self._key(header)
        if not isinstance(key, VerificationKey):
            return _refused(key)
        try:
            claims = decoder.decode(
                self.proof, key.public_key, algorithms=[key.algorithm], options={"verify_aud": False}
            )
        except jwt.InvalidSignatureError:
            return _refused("signature")
        except (jwt.PyJWTError, ValueError, RecursionError):
            return _refused("malformed")
        reason = self._judge(claims)
        if reason:
            return _refused(reason)
        return VerifiedProof(key.thumbprint, claims["jti"], claims["iat"], claims.get("nonce", ""))

    def _key(self, header: Mapping[str, Any]) -> VerificationKey | ProofReason:
        if not header or "crit" in header:
            return "malformed"
        if header.get("typ") != PROOF_TYPE:
            return "type"
        members, named = header.get("jwk"), header.get("alg")
        if not isinstance(members, dict) or PRIVATE_MEMBERS & members.keys():
            return "key"
        try:
            public_key = public_key_of(members)
        except MalformedKey:
            return "key"
        fitting = (known for known in algorithms_of(public_key) if known == named and known in self.algorithms)
        algorithm: Algorithm | None = next(fitting, None)
        return "algorithm" if algorithm is None else VerificationKey(public_key, "", algorithm)

    def _judge(self, claims: Mapping[str, Any]) -> ProofReason:
        jti, issued_at, nonce = claims.get("jti"), claims.get("iat"), claims.get("nonce", "")
        if not (isinstance(jti, str) and jti and isinstance(nonce, str)):
            return "claims"
        if isinstance(issued_at, bool) or not isinstance(issued_at, int | float):
            return "claims"
        if claims.get("htm") != self.method:
            return "htm"
        if not same_uri(claims.get("htu"), self.uri):
            return "htu"
        return "ath" if self.token and claims.get("ath") != token_hash(self.token) else ""


def proof_key() -> SigningKey:
    """A new key pair for a client: P-256, which signs fastest."""
    return SigningKey(generate("ES256"), "", "ES256")


def sign_proof(
    key: SigningKey, method: str, uri: str, issued_at: int, jti: str, token: str = "", nonce: str = ""
) -> str:
    """A proof for one request (section 4.2); ``issued_at`` is a NumericDate."""
    claims: dict[str, Any] = {"jti": jti, "htm": method, "htu": uri, "iat": issued_at}
    if token:
        claims["ath"] = token_hash(token)
    if nonce:
        claims["nonce"] = nonce
    header = {"typ": PROOF_TYPE, "jwk": public_members(key.verification_key.public_key)}
    return jwt.encode(claims, key.private_key, algorithm=key.algorithm, headers=header)


def token_hash(token: str) -> str:
    """The claim "ath": SHA-256 of the access token, base64url (section 4.2)."""
    return text_of(hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest())


def nonce_at(secret: str, place: str, period: int) -> str:
    """The nonce of one period (a count): an HMAC, so that servers that share a secret agree without talking."""
    return text_of(hmac.digest(secret.encode(), f"{place}/{period}".encode(), "sha256")[:16])


def same_uri(given: object, ours: str) -> bool:
    """Whether two URIs are one after the normalization of RFC 3986 section 6.2, query and fragment left aside."""
    if not isinstance(given, str):
        return False
    try:
        return _normal(urlsplit(given)) == _normal(urlsplit(ours))
    except ValueError:
        return False


def _normal(uri: SplitResult) -> tuple[str, str | None, int | None, str]:
    return uri.scheme, uri.hostname, uri.port or _PORTS.get(uri.scheme), uri.path or "/"


def _refused(reason: ProofReason) -> VerifiedProof:
    return VerifiedProof("", reason=reason)
