"""Keys and key sets: signing keys, verification keys, and the JSON Web Key Set (RFC 7517)."""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from simlib.tokens import ec_key, okp_key, rsa_key
from simlib.tokens.algorithms import ALGORITHMS, KEY_CHOICES, RSA_ALGORITHMS, RSA_BITS, Algorithm, name_key_choice
from simlib.tokens.jwk import MalformedKey, PublicKey, build_public_members, list_algorithms, parse_public_key

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


class MalformedKeySet(ValueError):
    """The bytes are no JSON Web Key Set (RFC 7517 section 5)."""


@dataclass(frozen=True, eq=False)
class VerificationKey:
    """A public key with its kid; equal to another when thumbprint and algorithm are.

    The kid does not count for equality: any key can have it.
    """

    public_key: PublicKey
    kid: str
    algorithm: Algorithm

    @cached_property
    def choice(self) -> str:
        """Name of such a key in a cost profile: the algorithm, and the size of an RSA key that is not 2048."""
        key = self.public_key
        return name_key_choice(self.algorithm, key.key_size) if isinstance(key, rsa.RSAPublicKey) else self.algorithm

    @property
    def verifying_material(self) -> PublicKey:
        """The key for PyJWT."""
        return self.public_key

    @cached_property
    def thumbprint(self) -> str:
        """SHA-256 thumbprint, base64url, 43 characters (RFC 7638 section 3)."""
        canonical = json.dumps(build_public_members(self.public_key), separators=(",", ":"), sort_keys=True)
        return base64.urlsafe_b64encode(hashlib.sha256(canonical.encode()).digest()).rstrip(b"=").decode()

    @cached_property
    def jwk(self) -> Mapping[str, str]:
        """The members of this key in a key set (RFC 7517 section 4)."""
        return {**build_public_members(self.public_key), "use": "sig", "alg": self.algorithm, "kid": self.kid}

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
    """A private key object with its kid, built once: parsing PEM per signature costs sixty signatures."""

    private_key: PrivateKey
    kid: str
    algorithm: Algorithm

    @property
    def choice(self) -> str:
        """Name of such a key in a cost profile."""
        return self.verification_key.choice

    @property
    def signing_material(self) -> PrivateKey:
        """The key for PyJWT."""
        return self.private_key

    @cached_property
    def verification_key(self) -> VerificationKey:
        """The public key under the same kid."""
        return VerificationKey(self.private_key.public_key(), self.kid, self.algorithm)


@dataclass(frozen=True, eq=False)
class KeySet:
    """The public keys of one issuer; of two with the same kid the first one counts."""

    keys: tuple[VerificationKey, ...] = ()

    @cached_property
    def _by_kid(self) -> dict[str, VerificationKey]:
        return {key.kid: key for key in reversed(self.keys)}

    def find(self, kid: str) -> VerificationKey | None:
        """Return the key of a kid, or None."""
        return self._by_kid.get(kid)

    def to_jwks(self) -> bytes:
        """Encode the set as UTF-8 JSON (RFC 7517 section 5); the size depends on algorithms and kids only."""
        return json.dumps({"keys": [dict(key.jwk) for key in self.keys]}, separators=(",", ":")).encode()

    @classmethod
    def from_jwks(cls, body: bytes) -> "KeySet":
        """Parse a key set; keys that are malformed, not for verifying or unsupported are ignored (RFC 7517 5).

        Raises MalformedKeySet when the bytes are no JSON object with a list "keys".
        """
        try:
            document = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise MalformedKeySet(f"not JSON ({error.__class__.__name__})") from error
        entries = document.get("keys") if isinstance(document, dict) else None
        if not isinstance(entries, list):
            raise MalformedKeySet('not a JSON object with a list "keys"')
        keys = (_parse_verification_key(entry) for entry in entries)
        return cls(tuple(key for key in keys if key is not None))


def _parse_verification_key(entry: Any) -> VerificationKey | None:
    if not isinstance(entry, dict) or not _is_for_verifying(entry):
        return None
    kid = entry.get("kid")
    if not isinstance(kid, str):
        return None
    try:
        public_key = parse_public_key(entry)
    except MalformedKey:
        return None
    # A key without "alg" is for the usual algorithm of its type; one with an unsupported "alg" is ignored.
    algorithms = list_algorithms(public_key)
    named = entry.get("alg", algorithms[0])
    algorithm = next((candidate for candidate in algorithms if candidate == named), None)
    return None if algorithm is None else VerificationKey(public_key, kid, algorithm)


def _is_for_verifying(entry: Mapping[str, Any]) -> bool:
    operations = entry.get("key_ops", ["verify"])
    return entry.get("use", "sig") == "sig" and isinstance(operations, list) and "verify" in operations


@lru_cache(maxsize=64)
def generate_signing_key(choice: str, kid: str) -> SigningKey:
    """Generate a key pair from the operating system's randomness, such as RS256 (2048 bits), RS256-3072 or ES256.

    Cached by (choice, kid) within the process, since RSA takes long to generate and no record holds bytes of a key.
    Raises ValueError for any name not in KEY_CHOICES, such as HS256, which has no key pairs.
    """
    if choice not in KEY_CHOICES:
        raise ValueError(f"algorithm {choice!r} is not one of {', '.join(KEY_CHOICES)}")
    algorithm = next(candidate for candidate in ALGORITHMS if candidate == choice.partition("-")[0])
    return SigningKey(_generate_private_key(algorithm, choice), kid, algorithm)


def _generate_private_key(algorithm: Algorithm, choice: str) -> PrivateKey:
    if algorithm in RSA_ALGORITHMS:
        return rsa_key.generate(next(bits for bits in RSA_BITS if name_key_choice(algorithm, bits) == choice))
    return okp_key.generate() if algorithm == "EdDSA" else ec_key.generate(algorithm)
