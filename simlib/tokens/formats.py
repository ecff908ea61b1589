"""Token formats: what a client can hold, with the properties by which other code chooses, and the list of all formats.

Code that treats formats differently reads a property here and names no format. Measured costs of a format depend on the
versions of the cryptographic libraries.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cryptography
import jwt
from cryptography.hazmat.backends.openssl import backend

from simlib.scenario.errors import describe_missing_packages, is_installed
from simlib.tokens.jws import read_header
from simlib.tokens.paseto import HEADER, read_paseto_kid


def _read_no_key_id(token: str) -> object:
    return None


def _read_header_key_id(token: str) -> object:
    return read_header(token).get("kid")


@dataclass(frozen=True, order=True)
class TokenFormat:
    """A format of the credential that a client holds. Formats are sorted by name, and written by it.

    ``is_signed``: by a key pair of the authorization server, so a token ends with its key, and a resource server can
    verify it locally. ``is_self_contained``: its claims are in the token, and not in a store. ``is_bindable``: a claim
    ``cnf`` can bind it to its client. ``is_readable``: its holder can read its claims. ``read_key_id``: the ``kid``
    that a token names, not yet trusted, None when it names none.

    ``segments``: number of its parts between dots, and ``payload_segments`` those of them with content in base64url;
    ``prefix``: begin of every token, in place of a header with a choice of algorithm. ``operations``: the begin of its
    operations in a cost profile; ``package``: the optional package that it needs, which ``extra`` of simlib installs.
    """

    name: str
    is_signed: bool
    is_self_contained: bool
    is_bindable: bool
    is_readable: bool
    segments: int = 1
    payload_segments: tuple[int, ...] = ()
    prefix: str = ""
    operations: str = ""
    package: str = ""
    extra: str = ""
    read_key_id: Callable[[str], object] = _read_no_key_id

    def __str__(self) -> str:
        return self.name

    @property
    def is_installed(self) -> bool:
        """True if the optional package that it needs is installed."""
        return not self.package or is_installed(self.package)

    def describe_missing_package(self, part: str) -> str:
        """Describe the optional package that a part for this format lacks; empty when it lacks none."""
        return describe_missing_packages(part, (self.package,), self.extra) if self.package else ""

    def has_form_of(self, token: str) -> bool:
        """True if a token has the prefix and the number of segments of this format."""
        return token.startswith(self.prefix) and token.count(".") + 1 == self.segments


OPAQUE = TokenFormat("opaque", is_signed=False, is_self_contained=False, is_bindable=True, is_readable=False)
JWT = TokenFormat(
    "jwt",
    is_signed=True,
    is_self_contained=True,
    is_bindable=True,
    is_readable=True,
    segments=3,
    payload_segments=(1,),
    operations="jwt.",
    read_key_id=_read_header_key_id,
)
ENCRYPTED = TokenFormat(
    "encrypted",
    is_signed=True,
    is_self_contained=True,
    is_bindable=True,
    is_readable=False,
    segments=5,
    payload_segments=(0, 1, 2, 3, 4),
    operations="jwe.",
    package="joserfc",
    extra="jwe",
)
PASETO = TokenFormat(
    "paseto",
    is_signed=True,
    is_self_contained=True,
    is_bindable=True,
    is_readable=True,
    segments=4,
    payload_segments=(2,),
    prefix=HEADER,
    operations="paseto.",
    package="pyseto",
    extra="paseto",
    read_key_id=read_paseto_kid,
)
SESSION = TokenFormat(
    "session",
    is_signed=False,
    is_self_contained=True,
    is_bindable=False,
    is_readable=True,
    segments=3,
    payload_segments=(1,),
    operations="jwt.",
)

TOKEN_FORMATS = (OPAQUE, JWT, ENCRYPTED, PASETO, SESSION)
ALL_FORMATS = frozenset(TOKEN_FORMATS)
SIGNED_FORMATS = frozenset(each for each in TOKEN_FORMATS if each.is_signed)
BINDABLE_FORMATS = frozenset(each for each in TOKEN_FORMATS if each.is_bindable)


def find_form(token: str) -> TokenFormat:
    """Find the first format whose form a token has; opaque when there is none."""
    return next((each for each in TOKEN_FORMATS if each.segments > 1 and each.has_form_of(token)), OPAQUE)


def read_key_id(token: str) -> object:
    """Read the ``kid`` that a token of any format names, not yet trusted; None when it names none."""
    return next((kid for each in TOKEN_FORMATS if (kid := each.read_key_id(token))), None)


def list_library_versions() -> dict[str, str]:
    """Return name -> version of PyJWT, cryptography and the OpenSSL inside it."""
    openssl = backend.openssl_version_text().removeprefix("OpenSSL ")
    return {"pyjwt": jwt.__version__, "cryptography": cryptography.__version__, "openssl": openssl}
