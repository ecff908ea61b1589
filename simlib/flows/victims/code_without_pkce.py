"""A victim: authorization code without PKCE (RFC 9700 section 2.1.1)."""

from typing import ClassVar

from simlib.flows.authorization_code import AuthorizationCode
from simlib.flows.front_channel import Precautions


class CodeWithoutPkce(AuthorizationCode):
    """Sends no challenge, so a code is good in anybody's hands."""

    name: ClassVar[str] = "code_without_pkce"
    summary: ClassVar[str] = "victim: authorization code, without proof of whose code it is"
    needs_server: ClassVar[str] = "without_pkce"
    refused: ClassVar[str] = (
        "whoever gets hold of a code could use it or inject it (RFC 9700 section 2.1.1); use authorization_code"
    )
    precautions: ClassVar[Precautions] = Precautions(pkce=False)
