"""Certificates, self-signed: of servers for the measurement of TLS, and of clients for mutual TLS, with the thumbprint
that binds a token to one (RFC 8705 sections 2.2 and 3.1).
"""

import datetime
import hashlib
import ipaddress

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from simlib.tokens.base64url import encode_base64url

# Fixed instants, since nothing here may read a clock; the late end keeps the certificate valid on every machine.
VALID_FROM = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
VALID_TO = datetime.datetime(2120, 1, 1, tzinfo=datetime.UTC)


def make_server_certificate(address: str) -> tuple[bytes, bytes]:
    """Make certificate and private key of a server at an IP address, both PEM; ECDSA on P-256, SHA-256 (RFC 5280)."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, address)])
    alternative = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(VALID_FROM)
        .not_valid_after(VALID_TO)
        .add_extension(alternative, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return certificate.public_bytes(Encoding.PEM), private


def make_client_certificate(name: str) -> bytes:
    """Make the certificate of a client with a common name, DER; ECDSA on P-256 with SHA-256 (RFC 5280)."""
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


def compute_certificate_thumbprint(certificate: bytes) -> str:
    """Compute "x5t#S256" of a DER certificate: its SHA-256, base64url, 43 characters."""
    return encode_base64url(hashlib.sha256(certificate).digest())
