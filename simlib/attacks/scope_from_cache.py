"""A token of a narrow scope profits from what was cached for another scope."""

from typing import ClassVar

from simlib.attacks.base import Candidate, NotApplicable, Preparation, TokenAttack
from simlib.scenario.effects import Context, Flow


class ScopeFromCache(TokenAttack):
    """Both ways: the wide token was let in before, and the narrow one was let in where any scope will do."""

    name: ClassVar[str] = "scope_from_cache"
    summary: ClassVar[str] = "a token of narrower scope, after it was let in at a route that asks for none"
    source: ClassVar[str] = "RFC 9068 section 5; CVE-2021-32701"
    needs: ClassVar[tuple[str, ...]] = ("narrow_token",)

    def prepare(self, ctx: Context) -> Flow[Preparation]:
        """Warm every cache there is."""
        if not self.assets.narrow_token:
            return NotApplicable("the server gives no token of a narrower scope")
        yield from self.assets.as_client(self.assets.own_token)
        yield from self.assets.as_client_at_open_route(self.assets.narrow_token)
        return (Candidate("after both were let in", self.assets.narrow_token),)
