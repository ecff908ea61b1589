"""A victim: authorization code without any precaution."""

from typing import ClassVar

from simlib.flows.authorization_code import AuthorizationCode
from simlib.flows.front_channel import Precautions


class BareCode(AuthorizationCode):
    """Neither PKCE nor ``state`` nor ``iss``."""

    name: ClassVar[str] = "bare_code"
    summary: ClassVar[str] = "victim: authorization code with neither PKCE nor state nor iss"
    needs_server: ClassVar[str] = "without_pkce"
    refused: ClassVar[str] = (
        "codes could be intercepted, injected and forced upon users (RFC 9700 section 2.1); use authorization_code"
    )
    precautions: ClassVar[Precautions] = Precautions(pkce=False, state=False, issuer=False)
