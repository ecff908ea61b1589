"""Shared secret of HS256: every server that verifies with it can also sign with it (RFC 7518 section 3.2)."""

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from simlib.tokens.algorithms import SECRET_ALGORITHM, SecretAlgorithm
from simlib.tokens.base64url import encode_base64url

SECRET_BYTES = 32
"""256 bits, the minimum for HS256 (RFC 7518 section 3.2)."""


@dataclass(frozen=True, eq=False)
class SharedSecret:
    """A symmetric key with its kid, both signing key and verification key. Equal to another by thumbprint.

    Its type differs from those of key pairs, so that neither is used as the other. Raises ValueError for a secret of
    less than 256 bits.
    """

    secret: bytes = field(repr=False)
    kid: str

    def __post_init__(self) -> None:
        if len(self.secret) < SECRET_BYTES:
            raise ValueError(f"an HS256 secret needs at least {8 * SECRET_BYTES} bits (RFC 7518 3.2)")

    @property
    def algorithm(self) -> SecretAlgorithm:
        """HS256."""
        return SECRET_ALGORITHM

    @property
    def choice(self) -> str:
        """Name of such a key in a cost profile."""
        return SECRET_ALGORITHM

    @property
    def verification_key(self) -> "SharedSecret":
        """The secret itself: it has no public key."""
        return self

    @property
    def signing_material(self) -> bytes:
        """The key for PyJWT to sign with."""
        return self.secret

    @property
    def verifying_material(self) -> bytes:
        """The key for PyJWT to verify with, the same."""
        return self.secret

    @cached_property
    def thumbprint(self) -> str:
        """SHA-256 thumbprint, base64url, 43 characters (RFC 7638 section 3.2); as confidential as the secret."""
        canonical = json.dumps({"k": encode_base64url(self.secret), "kty": "oct"}, separators=(",", ":"))
        return base64.urlsafe_b64encode(hashlib.sha256(canonical.encode()).digest()).rstrip(b"=").decode()

    def __eq__(self, other: object) -> bool:
        return self.thumbprint == other.thumbprint if isinstance(other, SharedSecret) else NotImplemented

    def __hash__(self) -> int:
        return hash((self.thumbprint, SECRET_ALGORITHM))


@lru_cache(maxsize=64)
def generate_shared_secret(kid: str) -> SharedSecret:
    """Generate a secret of 256 bits from the operating system's randomness.

    Cached by kid within the process, so that authorization server and resource server share it.
    """
    return SharedSecret(secrets.token_bytes(SECRET_BYTES), kid)
