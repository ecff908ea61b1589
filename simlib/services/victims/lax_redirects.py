"""A victim: takes any redirect URI that begins like a registered one (RFC 9700 section 4.1)."""

from dataclasses import replace
from urllib.parse import urlsplit

from simlib.scenario.effects import Context, Flow, Reply
from simlib.scenario.messages import HttpRequest
from simlib.services.authorization_server import AuthorizationServer, Registration
from simlib.services.authorize import authorize


class _BeginningAlike(frozenset[str]):
    """Contains every text that begins with the scheme and host of one of its own."""

    def __contains__(self, asked: object) -> bool:
        return isinstance(asked, str) and any(asked.startswith(_origin(known)) for known in self)


def lax_redirects(ctx: Context, request: HttpRequest, server: AuthorizationServer) -> Flow[Reply]:
    """The authorization endpoint of a server that compares redirect URIs by their beginnings."""
    lax = {name: _lax(registered) for name, registered in server.registrations.items()}
    return (yield from authorize(ctx, request, replace(server, registrations=lax)))


def _lax(registered: Registration) -> Registration:
    return replace(registered, redirect_uris=_BeginningAlike(registered.redirect_uris))


def _origin(uri: str) -> str:
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else f"{parts.scheme}:"
