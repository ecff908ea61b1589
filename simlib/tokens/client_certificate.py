"""A client's certificate for mutual TLS, and its thumbprint (RFC 8705 sections 2.2 and 3.1)."""

import hashlib

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from simlib.tokens.certificate import VALID_FROM, VALID_TO
from simlib.tokens.members import text_of


def client_certificate(name: str) -> bytes:
    """A new self-signed certificate of that common name, DER; ECDSA on P-256 with SHA-256 (RFC 5280)."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(VALID_FROM)
        .not_valid_after(VALID_TO)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
        .public_bytes(Encoding.DER)
    )


def certificate_thumbprint(certificate: bytes) -> str:
    """The value of "x5t#S256" for a DER certificate: its SHA-256, base64url, 43 characters."""
    return text_of(hashlib.sha256(certificate).digest())
