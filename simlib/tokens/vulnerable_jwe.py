"""Vulnerable decryption of JWEs that follows the header without limits, as a target of attacks and no part of a design.

RFC 8725 section 3.6 and advisories on compression and PBES2 warn of it (CVE-2024-33664, CVE-2023-52428).
"""

import hashlib
import zlib
from collections.abc import Mapping
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from simlib.tokens.forging import decode, encode
from simlib.tokens.jwe import EncryptionKey, EncryptionReason
from simlib.tokens.jws import read_header

MOST_ITERATIONS = 1_000_000
"""So that an attack run ends; a real implementation of this kind has no limit."""


class VulnerableDecryption(NamedTuple):
    """The decrypted token or the reason for none, and the iterations of key derivation that it took."""

    token: str | None
    reason: EncryptionReason = ""
    iterations: int = 0


def decrypt_without_limits(token: str, key: EncryptionKey) -> VulnerableDecryption:
    """Decrypt with the algorithm that the header names, and inflate without a limit."""
    header, segments = read_header(token), token.split(".")
    if len(segments) != 5:
        return VulnerableDecryption(None, "malformed")
    try:
        if any(encode(decode(segment)) != segment for segment in segments):
            return VulnerableDecryption(None, "malformed")  # it lacks only the checks of compression and iterations
        if "p2c" in header:
            return _derive_from_password(header)
        return VulnerableDecryption(_inflate(header, _decrypt_content(segments, key)).decode("ascii"))
    except (ValueError, TypeError, InvalidTag, zlib.error):
        return VulnerableDecryption(None, "decryption")


def _derive_from_password(header: Mapping[str, Any]) -> VulnerableDecryption:
    """Derive the key as in RFC 7518 section 4.8, with a password that is always wrong."""
    iterations = min(int(header["p2c"]), MOST_ITERATIONS)
    salt = str(header["alg"]).encode() + b"\0" + decode(header["p2s"])
    hashlib.pbkdf2_hmac("sha256", b"password", salt, iterations)
    return VulnerableDecryption(None, "decryption", iterations)


def _decrypt_content(segments: list[str], key: EncryptionKey) -> bytes:
    if not isinstance(key.private_key, rsa.RSAPrivateKey):
        raise ValueError("only RSA is supported")
    sha256 = hashes.SHA256()
    content_key = key.private_key.decrypt(decode(segments[1]), padding.OAEP(padding.MGF1(sha256), sha256, None))
    nonce, sealed = decode(segments[2]), decode(segments[3]) + decode(segments[4])
    return AESGCM(content_key).decrypt(nonce, sealed, segments[0].encode())


def _inflate(header: Mapping[str, Any], content: bytes) -> bytes:
    return zlib.decompress(content, -zlib.MAX_WBITS) if header.get("zip") == "DEF" else content
