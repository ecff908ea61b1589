"""Authorization servers that lack one check, to show what goes wrong without it. No scenario can name one."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from simlib.scenario.effects import Context, Flow, Reply
from simlib.scenario.messages import HttpRequest
from simlib.scenario.people import ClientKind
from simlib.services.authorization_server import AuthorizationServer
from simlib.services.victims.implicit_grant import implicit_grant
from simlib.services.victims.lax_redirects import lax_redirects
from simlib.services.victims.open_introspection import open_introspection
from simlib.services.victims.password_grant import password_grant
from simlib.services.victims.reusable_codes import reusable_codes
from simlib.services.victims.without_pkce import authorize_without_pkce, token_without_pkce
from simlib.services.victims.without_rotation import without_rotation


class CarelessServer(NamedTuple):
    """Endpoints that stand in the place of the sound ones of the same target.

    ``kinds``: the clients with which its carelessness is shown; none for servers that only play along with a flow.
    """

    name: str
    summary: str
    endpoints: Mapping[str, Callable[[Context, HttpRequest, AuthorizationServer], Flow[Reply]]]
    kinds: tuple[ClientKind, ...] = ()


CARELESS_SERVERS: Mapping[str, CarelessServer] = MappingProxyType(
    {
        server.name: server
        for server in (
            CarelessServer("implicit_grant", "answers with tokens in addresses", {"authorize": implicit_grant}),
            CarelessServer("password_grant", "takes users' passwords from clients", {"token": password_grant}),
            CarelessServer(
                "without_pkce",
                "has never heard of PKCE",
                {"authorize": authorize_without_pkce, "token": token_without_pkce},
            ),
            CarelessServer("reusable_codes", "takes a code as often as it comes", {"token": reusable_codes}, ("web",)),
            CarelessServer(
                "without_rotation", "takes a refresh token as often as it comes", {"token": without_rotation}, ("spa",)
            ),
            CarelessServer(
                "lax_redirects",
                "compares redirect URIs by their beginnings",
                {"authorize": lax_redirects},
                ("web", "spa"),
            ),
            CarelessServer(
                "open_introspection",
                "tells everybody what a token stands for",
                {"introspect": open_introspection},
                ("web",),
            ),
        )
    }
)

__all__ = ["CARELESS_SERVERS", "CarelessServer"]
