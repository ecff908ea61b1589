"""What the endpoints of one authorization server share: who it is, whom it knows, and how it makes tokens."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from simlib.scenario.effects import Context, Flow
from simlib.scenario.messages import TokenRow


class AccessTokens(Protocol):
    """How this server's access tokens are made, read and revoked."""

    def issue(self, ctx: Context, grant: Any) -> Flow[Any]:
        """Make one."""

    def inspect(self, ctx: Context, token: str) -> Flow[TokenRow | None]:
        """What one stands for now, None when inactive."""

    def revoke(self, ctx: Context, token: str) -> Flow[bool]:
        """Let one be inactive from now on."""


@dataclass(frozen=True)
class AuthorizationServer:
    """``clients`` maps client ids to digests of their secrets; ``may_introspect`` are the ids of resource servers.

    ``jwks`` makes the body of the key set. ``answers_with_claims``: introspection answers carry claims about the user.
    """

    issuer: str
    tokens: AccessTokens
    clients: Mapping[str, bytes]
    may_introspect: frozenset[str]
    user_claims: Callable[[str], Mapping[str, str]]
    answers_with_claims: bool
    jwks: Callable[[], bytes]
    make_grant: Callable[[str, str, str], Any]
