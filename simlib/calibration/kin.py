"""Which operation on a JWT does most of what another cryptographic operation does."""

from collections.abc import Mapping
from types import MappingProxyType

KIN: Mapping[str, str] = MappingProxyType(
    {
        "dpop.sign": "jwt.sign.ES256",
        "dpop.verify": "jwt.verify.ES256",
        "jwe.decrypt.ECDH-ES+A256KW": "jwt.sign.ES256",
        "jwe.decrypt.RSA-OAEP-256": "jwt.sign.RS256",
        "jwe.encrypt.ECDH-ES+A256KW": "jwt.sign.ES256",
        "jwe.encrypt.RSA-OAEP-256": "jwt.verify.RS256",
        "paseto.sign": "jwt.sign.EdDSA",
        "paseto.verify": "jwt.verify.EdDSA",
    }
)
"""Operation -> operation of the same arithmetic: the same curve, or the same half of an RSA key."""
