"""State that the endpoints of one authorization server share: its identity, registered clients, and token format."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Protocol

from simlib.scenario.design import RefreshPolicy
from simlib.scenario.effects import Context, Flow
from simlib.scenario.messages import TokenRow
from simlib.tokens import split_scope


class AccessTokens(Protocol):
    """Issues, inspects and revokes the access tokens of this server."""

    def issue(self, ctx: Context, grant: Any) -> Flow[Any]:
        """Issue an access token for a grant."""

    def inspect(self, ctx: Context, token: str) -> Flow[TokenRow | None]:
        """Return the row of a token, None when it is inactive."""

    def revoke(self, ctx: Context, token: str) -> Flow[bool]:
        """Revoke a token; True when there was one to revoke."""


Sign = Callable[[Context, Mapping[str, Any], str], Flow[str]]
"""Claims and a ``typ`` -> a JWT that the server has signed."""


@dataclass(frozen=True)
class Registration:
    """Client metadata (RFC 7591 section 2): grant types by their names on the wire, exact redirect URIs, and the scopes
    that the client may request, separated by spaces.
    """

    grant_types: frozenset[str] = frozenset({"refresh_token"})
    redirect_uris: frozenset[str] = frozenset()
    scope: str = ""


_UNREGISTERED = Registration()
_NO_ROTATION = RefreshPolicy()


def _make_no_registrations() -> Mapping[str, Registration]:
    return MappingProxyType({})


def _refuse_sign_in(login: str, password: str) -> bool:
    """Refuse every user: the server has none."""
    return False


@dataclass(frozen=True)
class AuthorizationServer:
    """``clients`` maps client ids to digests of their secrets; ``may_introspect`` are the ids of resource servers.

    ``jwks`` makes the body of the key set. ``answers_with_claims``: introspection answers carry claims about the user.
    ``make_grant`` is called with subject, client id and scope, and by name with confirmation, audience, actor, claims.
    ``public_clients`` have no secret. A client that is not in ``registrations`` may only refresh. ``audiences``: the
    resource servers for which tokens may be exchanged. ``sign`` is None when the server has no key, ``status_list``
    when it publishes no list. ``sign_in`` returns whether a password is the login's.
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
        """Return the metadata of a client; those of an unregistered one allow nothing but refreshing."""
        return self.registrations.get(client_id, _UNREGISTERED)

    def resolve_scope(self, client_id: str, requested: str | None) -> str | None:
        """Return the scope that a client is granted, all registered when it requests none; None when it requests more.

        A server that cannot sign does no OpenID Connect and leaves "openid" out (RFC 6749 section 3.3).
        """
        registered = self.find_registration(client_id).scope
        words = split_scope(registered if requested is None else requested)
        if not set(words) <= set(split_scope(registered)):
            return None
        return " ".join(word for word in words if word != "openid" or self.sign is not None)
