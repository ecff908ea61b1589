"""Which cryptographic libraries are at work; a measured cost means nothing without them."""

import cryptography
import jwt
from cryptography.hazmat.backends.openssl import backend


def list_library_versions() -> dict[str, str]:
    """Name -> version of PyJWT, cryptography and the OpenSSL inside it."""
    openssl = backend.openssl_version_text().removeprefix("OpenSSL ")
    return {"pyjwt": jwt.__version__, "cryptography": cryptography.__version__, "openssl": openssl}
