"""Nested JWTs: a signed token encrypted to its audience (RFC 7516, RFC 7519 section 11.2), by joserfc.

joserfc is an extra of this package and is imported only when a token is encrypted or decrypted.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Literal, NamedTuple

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from simlib.tokens import ec_key, rsa_key
from simlib.tokens.algorithms import USUAL_RSA_BITS
from simlib.tokens.base64url import has_canonical_segments
from simlib.tokens.jws import read_header

KEY_MANAGEMENT = ("RSA-OAEP-256", "ECDH-ES+A256KW")
"""Key management algorithms: the content key is encrypted with RSA, or wrapped under a key agreed on P-256."""
CONTENT_ENCRYPTION = "A256GCM"

EncryptionReason = Literal["", "malformed", "algorithm", "type", "decryption"]


@dataclass(frozen=True, eq=False)
class EncryptionKey:
    """Key pair that tokens for one audience are encrypted to."""

    private_key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
    kid: str
    algorithm: str

    @cached_property
    def public_jwk(self) -> Any:
        """The public key as a joserfc object."""
        pem = self.private_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return _import_key(pem, self.private_key)

    @cached_property
    def published_jwk(self) -> Mapping[str, Any]:
        """The public key as its owner publishes it (RFC 7517 section 4)."""
        members: Mapping[str, Any] = self.public_jwk.as_dict(private=False)
        return {**members, "use": "enc", "alg": self.algorithm, "kid": self.kid}

    @cached_property
    def private_jwk(self) -> Any:
        """The private key as a joserfc object."""
        pem = self.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return _import_key(pem, self.private_key)


@lru_cache(maxsize=64)
def generate_encryption_key(algorithm: str, kid: str) -> EncryptionKey:
    """Generate a key pair, RSA of 2048 bits or P-256; cached by (algorithm, kid) within the process.

    Authorization server and resource server thus share it. Raises ValueError for another algorithm.
    """
    if algorithm not in KEY_MANAGEMENT:
        raise ValueError(f"algorithm {algorithm!r} is not one of {', '.join(KEY_MANAGEMENT)}")
    usual = algorithm.startswith("RSA")
    return EncryptionKey(rsa_key.generate(USUAL_RSA_BITS) if usual else ec_key.generate("ES256"), kid, algorithm)


class DecryptionResult(NamedTuple):
    """The nested signed token, or None and the check that refused."""

    token: str | None
    reason: EncryptionReason = ""


def encrypt(token: str, key: EncryptionKey) -> str:
    """Encrypt a signed token to a public key, in compact form; 5 segments."""
    from joserfc import jwe

    header = {"alg": key.algorithm, "enc": CONTENT_ENCRYPTION, "cty": "JWT", "typ": "JWT", "kid": key.kid}
    return jwe.encrypt_compact(header, token, key.public_jwk, [key.algorithm, CONTENT_ENCRYPTION])


def encrypt_text(text: bytes, public_jwk: Mapping[str, Any], compressed: bool = False) -> str:
    """Encrypt any text to a published key that names its ``alg`` and ``kid``.

    ``compressed``: with DEFLATE before the encryption (RFC 7516 section 4.1.3).
    """
    from joserfc import jwe
    from joserfc.jwk import import_key

    algorithm, kid = str(public_jwk["alg"]), public_jwk["kid"]
    header = {"alg": algorithm, "enc": CONTENT_ENCRYPTION, "cty": "JWT", "typ": "JWT", "kid": kid}
    members = {name: value for name, value in public_jwk.items() if name not in ("alg", "kid")}
    zipped = {"zip": "DEF"} if compressed else {}
    return jwe.encrypt_compact(
        {**header, **zipped}, text, import_key(members), [algorithm, CONTENT_ENCRYPTION, *zipped.values()]
    )


def decrypt(token: str, key: EncryptionKey) -> DecryptionResult:
    """Decrypt the nested token; the key determines the algorithms, not the header (RFC 8725 section 3.1)."""
    refusal = _judge_header(read_header(token), key) if has_canonical_segments(token) else "malformed"
    if refusal:
        return DecryptionResult(None, refusal)
    from joserfc import jwe
    from joserfc.errors import JoseError

    try:
        opened = jwe.decrypt_compact(token, key.private_jwk, [key.algorithm, CONTENT_ENCRYPTION])
        return DecryptionResult((opened.plaintext or b"").decode("ascii"))
    except (JoseError, ValueError, TypeError, AssertionError, RecursionError):
        return DecryptionResult(None, "decryption")


def _judge_header(header: Mapping[str, Any], key: EncryptionKey) -> EncryptionReason:
    # "crit" requires extensions that are not implemented; "zip" would expand a small token to a large one (RFC 8725
    # section 3.6); "p2c" is for passwords and would let an attacker set the number of iterations.
    if not header or {"crit", "zip", "p2c", "p2s"} & set(header):
        return "malformed"
    if header.get("alg") != key.algorithm or header.get("enc") != CONTENT_ENCRYPTION:
        return "algorithm"
    content = header.get("cty")
    return "" if isinstance(content, str) and content.upper() == "JWT" else "type"


def _import_key(pem: bytes, private_key: object) -> Any:
    from joserfc.jwk import ECKey, RSAKey

    return (RSAKey if isinstance(private_key, rsa.RSAPrivateKey) else ECKey).import_key(pem)
