"""A victim: tells everybody what a token stands for (RFC 7662 section 2.1 wants to know who asks)."""

from dataclasses import replace

from simlib.scenario.effects import Context, Flow, Reply
from simlib.scenario.messages import HttpRequest
from simlib.services.authorization_server import AuthorizationServer
from simlib.services.client_authentication import digest_of
from simlib.services.introspect import introspect

GUEST = "guest"
_SHOWN = "Basic Z3Vlc3Q6Z3Vlc3Q="  # guest:guest


def open_introspection(ctx: Context, request: HttpRequest, server: AuthorizationServer) -> Flow[Reply]:
    """The introspection endpoint, at which whoever does not say who it is counts as a guest."""
    if request.authorization:
        return (yield from introspect(ctx, request, server))
    guests = {**server.clients, GUEST: digest_of(GUEST)}
    lax = replace(server, clients=guests, may_introspect=server.may_introspect | {GUEST})
    return (yield from introspect(ctx, request._replace(authorization=_SHOWN), lax))
