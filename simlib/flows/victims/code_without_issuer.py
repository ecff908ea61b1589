"""A victim: does not look from which authorization server an answer comes (RFC 9700 section 4.4)."""

from typing import ClassVar

from simlib.flows.authorization_code import AuthorizationCode
from simlib.flows.front_channel import Precautions


class CodeWithoutIssuer(AuthorizationCode):
    """Sends the code to the server that it believes to have asked."""

    name: ClassVar[str] = "code_without_issuer"
    summary: ClassVar[str] = "victim: authorization code with PKCE, by a client that does not look at iss"
    refused: ClassVar[str] = (
        "a malicious server could be given codes of an honest one (RFC 9700 section 4.4); use authorization_code"
    )
    precautions: ClassVar[Precautions] = Precautions(issuer=False)
