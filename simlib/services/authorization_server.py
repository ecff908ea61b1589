"""What the endpoints of one authorization server share: who it is, whom it knows, and how it makes tokens."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Protocol

from simlib.scenario.design import RefreshPolicy
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


Sign = Callable[[Context, Mapping[str, Any], str], Flow[str]]
"""Claims and a ``typ`` -> a JWT that the server has signed."""


@dataclass(frozen=True)
class Registration:
    """What a client may use (RFC 7591 section 2): grant types by their names on the wire, redirect URIs to the letter,
    and the scopes that it may ask for, separated by spaces.
    """

    grant_types: frozenset[str] = frozenset({"refresh_token"})
    redirect_uris: frozenset[str] = frozenset()
    scope: str = ""


_UNREGISTERED = Registration()
_NO_ROTATION = RefreshPolicy()


def _make_no_registrations() -> Mapping[str, Registration]:
    return MappingProxyType({})


def _refuse_sign_in(login: str, password: str) -> bool:
    """No user is known."""
    return False


@dataclass(frozen=True)
class AuthorizationServer:
    """``clients`` maps client ids to digests of their secrets; ``may_introspect`` are the ids of resource servers.

    ``jwks`` makes the body of the key set. ``answers_with_claims``: introspection answers carry claims about the user.
    ``make_grant`` is called with subject, client id and scope, and by name with confirmation, audience, actor, claims.
    ``public_clients`` have no secret. A client that is not in ``registrations`` may only refresh. ``audiences``: the
    resource servers for which tokens may be exchanged. ``sign`` is None when the server has no key, ``status_list``
    when it keeps no list. ``sign_in`` tells whether a login and a password belong together.
    """

    issuer: str
    tokens: AccessTokens
    clients: Mapping[str, bytes]
    may_introspect: frozenset[str]
    user_claims: Callable[[str], Mapping[str, str]]
    answers_with_claims: bool
    jwks: Callable[[], bytes]
    make_grant: Callable[..., Any]
    public_clients: frozenset[str] = frozenset()
    registrations: Mapping[str, Registration] = field(default_factory=_make_no_registrations)
    audiences: frozenset[str] = frozenset()
    refresh: RefreshPolicy = _NO_ROTATION
    sign: Sign | None = None
    sign_in: Callable[[str, str], bool] = _refuse_sign_in
    status_list: Callable[[Context], Flow[bytes]] | None = None

    def find_registration(self, client_id: str) -> Registration:
        """What a client may use."""
        return self.registrations.get(client_id, _UNREGISTERED)

    def resolve_scope(self, client_id: str, requested: str | None) -> str | None:
        """The scope that a client gets when it asks for one, or for none in particular; None when it may not.

        A server that cannot sign does no OpenID Connect and leaves "openid" out (RFC 6749 section 3.3).
        """
        registered = self.find_registration(client_id).scope
        words = (registered if requested is None else requested).split()
        if not set(words) <= set(registered.split()):
            return None
        return " ".join(word for word in words if word != "openid" or self.sign is not None)
