"""Keys and key sets: the objects that sign and verify, and their public form on the wire (RFC 7517)."""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Literal

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from simlib.tokens.jwk import MalformedKey, PublicKey, public_key_of, public_members

Algorithm = Literal["RS256", "ES256", "EdDSA"]
PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey

ALGORITHMS: tuple[Algorithm, ...] = ("RS256", "ES256", "EdDSA")
RSA_BITS = 2048


class MalformedKeySet(ValueError):
    """The bytes are no JSON Web Key Set at all (RFC 7517 section 5)."""


@dataclass(frozen=True, eq=False)
class VerificationKey:
    """A public key with its name; equal to another when thumbprint and algorithm are.

    The kid takes no part in equality: it is a label that anybody can copy.
    """

    public_key: PublicKey
    kid: str
    algorithm: Algorithm

    @cached_property
    def thumbprint(self) -> str:
        """SHA-256 thumbprint, base64url, 43 characters (RFC 7638 section 3)."""
        canonical = json.dumps(public_members(self.public_key), separators=(",", ":"), sort_keys=True)
        return base64.urlsafe_b64encode(hashlib.sha256(canonical.encode()).digest()).rstrip(b"=").decode()

    @cached_property
    def jwk(self) -> Mapping[str, str]:
        """The members of this key in a key set (RFC 7517 section 4)."""
        return {**public_members(self.public_key), "use": "sig", "alg": self.algorithm, "kid": self.kid}

    @cached_property
    def _hash(self) -> int:
        return hash((self.thumbprint, self.algorithm))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, VerificationKey):
            return NotImplemented
        return self is other or (self.algorithm == other.algorithm and self.thumbprint == other.thumbprint)

    def __hash__(self) -> int:
        return self._hash


@dataclass(frozen=True, eq=False)
class SigningKey:
    """A private key object with its name, built once: parsing PEM per signature costs sixty signatures."""

    private_key: PrivateKey
    kid: str
    algorithm: Algorithm

    @cached_property
    def verification_key(self) -> VerificationKey:
        """The public half under the same kid."""
        return VerificationKey(self.private_key.public_key(), self.kid, self.algorithm)


@dataclass(frozen=True, eq=False)
class KeySet:
    """The public keys of one issuer; when two share a kid the first one is found."""

    keys: tuple[VerificationKey, ...] = ()

    @cached_property
    def _by_kid(self) -> dict[str, VerificationKey]:
        return {key.kid: key for key in reversed(self.keys)}

    def find(self, kid: str) -> VerificationKey | None:
        """The key of that kid, or None."""
        return self._by_kid.get(kid)

    def to_jwks(self) -> bytes:
        """The set as UTF-8 JSON (RFC 7517 section 5); the size depends on algorithms and kids only."""
        return json.dumps({"keys": [dict(key.jwk) for key in self.keys]}, separators=(",", ":")).encode()

    @classmethod
    def from_jwks(cls, body: bytes) -> "KeySet":
        """Read a key set; keys that are malformed, not for verifying or unsupported are left out (RFC 7517 5).

        Raises MalformedKeySet when the bytes are no JSON object with a list "keys".
        """
        try:
            document = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise MalformedKeySet(f"not JSON ({error.__class__.__name__})") from error
        entries = document.get("keys") if isinstance(document, dict) else None
        if not isinstance(entries, list):
            raise MalformedKeySet('not a JSON object with a list "keys"')
        found = (_verification_key(entry) for entry in entries)
        return cls(tuple(key for key in found if key is not None))


def _verification_key(entry: Any) -> VerificationKey | None:
    if not isinstance(entry, dict) or not _is_for_verifying(entry):
        return None
    kid = entry.get("kid")
    if not isinstance(kid, str):
        return None
    try:
        public_key = public_key_of(entry)
    except MalformedKey:
        return None
    algorithm = _algorithm_of(public_key)
    return VerificationKey(public_key, kid, algorithm) if entry.get("alg", algorithm) == algorithm else None


def _is_for_verifying(entry: Mapping[str, Any]) -> bool:
    operations = entry.get("key_ops", ["verify"])
    return entry.get("use", "sig") == "sig" and isinstance(operations, list) and "verify" in operations


def _algorithm_of(public_key: PublicKey) -> Algorithm:
    if isinstance(public_key, rsa.RSAPublicKey):
        return "RS256"
    return "ES256" if isinstance(public_key, ec.EllipticCurvePublicKey) else "EdDSA"


@lru_cache(maxsize=64)
def generate_signing_key(algorithm: Algorithm, kid: str) -> SigningKey:
    """A new key pair from the operating system's randomness; RSA has 2048 bits, ES256 the curve P-256.

    Remembered by (algorithm, kid) within the process, since RSA takes long to generate and no record holds
    bytes of a key. Raises ValueError for another algorithm.
    """
    if algorithm == "RS256":
        return SigningKey(rsa.generate_private_key(65537, RSA_BITS), kid, algorithm)
    if algorithm == "ES256":
        return SigningKey(ec.generate_private_key(ec.SECP256R1()), kid, algorithm)
    if algorithm == "EdDSA":
        return SigningKey(ed25519.Ed25519PrivateKey.generate(), kid, algorithm)
    raise ValueError(f"algorithm {algorithm!r} is not one of {', '.join(ALGORITHMS)}")
