"""A victim: takes redirects that it did not ask for, but proves its codes (RFC 6749 section 10.12)."""

from typing import ClassVar

from simlib.flows.authorization_code import AuthorizationCode
from simlib.flows.front_channel import Precautions


class CodeWithoutState(AuthorizationCode):
    """Without ``state`` it is PKCE alone that tells a foreign code (RFC 9700 section 4.7.1)."""

    name: ClassVar[str] = "code_without_state"
    summary: ClassVar[str] = "victim: authorization code with PKCE, by a client that does not compare state"
    refused: ClassVar[str] = (
        "redirects that nobody asked for would be followed (RFC 6749 section 10.12); use authorization_code"
    )
    precautions: ClassVar[Precautions] = Precautions(state=False)
