"""Scope from a cache: a token of narrow scope is accepted by a cache entry made for another scope."""

from typing import ClassVar

from simlib.attacks.base import Candidate, NotApplicable, Preparation, TokenAttack
from simlib.scenario.effects import Context, Flow


class ScopeFromCache(TokenAttack):
    """Fills caches both ways: the wide token is accepted first, and the narrow one where any scope is."""

    name: ClassVar[str] = "scope_from_cache"
    summary: ClassVar[str] = "a token of narrower scope, after it was accepted at a route that requires none"
    source: ClassVar[str] = "RFC 9068 section 5; CVE-2021-32701"
    needs: ClassVar[tuple[str, ...]] = ("narrow_token",)

    def prepare(self, ctx: Context) -> Flow[Preparation]:
        """Fill the caches with both tokens."""
        if not self.assets.narrow_token:
            return NotApplicable("the server issues no token of a narrower scope")
        yield from self.assets.as_client(self.assets.own_token)
        yield from self.assets.as_client_at_open_route(self.assets.narrow_token)
        return (Candidate("after both were accepted", self.assets.narrow_token),)
