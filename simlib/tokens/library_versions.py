"""Library versions of the cryptography in use; measured costs depend on them."""

import cryptography
import jwt
from cryptography.hazmat.backends.openssl import backend


def list_library_versions() -> dict[str, str]:
    """Return name -> version of PyJWT, cryptography and the OpenSSL inside it."""
    openssl = backend.openssl_version_text().removeprefix("OpenSSL ")
    return {"pyjwt": jwt.__version__, "cryptography": cryptography.__version__, "openssl": openssl}
